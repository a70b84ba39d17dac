"""The proof that an exported file is the network it came from: the same real images through both."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from convsight.card import Card, Proof
from convsight.results import Difference, Result
from convsight.runtime.batch_results import predictions
from convsight.runtime.engine import Engine
from convsight.tasks.reader import Reader

Pixels = NDArray[Any]  # of one original: RGB uint8 (height, width, 3), most often

MIN_IMAGES = 64
_BATCH = 8

# Number format -> the largest difference of any number of a prediction, as a share of its scale (see `Difference`), and
# the share of predictions that are the same. In float32 there is no more than rounding between two engines, the resize
# included. bfloat16 has 8 bits, so one of 64 predictions, that was nearly even, may turn. What int8 may cost is judged
# by the metric; here an engine must only not be far off, so numbers may differ by the whole scale: a probability by all
# it can.
_LIMITS = {"float32": (0.01, 1.0), "float16": (0.01, 0.99), "bfloat16": (0.05, 0.98), "int8": (1.0, 0.95)}

_NO_RESULT = 1e9  # how far a prediction that is none lies from any other


@dataclass(frozen=True)
class ParityCheck:
    """One way to run an exported file; `limits` names the number format whose limits it must keep."""

    engine: Engine
    pixels: Literal["raw", "fitted"]
    limits: str
    needed: bool = True  # without it the file is not written; otherwise that way is only not used


def prove(
    original: Engine, reader: Reader, card: Card, checks: Sequence[ParityCheck], images: Iterator[Pixels]
) -> tuple[Proof, ...]:
    """Run raw `images` (each what `Card.input` calls an original, of any size) through `original` and every check.

    The original network sees them loaded as `Card.input` does. Raises ValueError where there is no image.
    """
    differences: list[list[Difference]] = [[] for _ in checks]
    for chunk in _chunks(images):
        fitted = [card.input.load(image, np.inf).array for image in chunk]
        sizes = [card.input.size_of(image) for image in chunk]
        expected = list(predictions(original, reader, fitted, sizes))
        for check, found in zip(checks, differences, strict=True):
            try:
                predicted = list(_predictions(check, reader, chunk, fitted, sizes))
            except ValueError:  # NaN is no prediction
                found.extend(Difference(_NO_RESULT, 0.0) for _ in chunk)
                continue
            found.extend(before.difference(after) for before, after in zip(expected, predicted, strict=True))
    return tuple(_proof(check, found) for check, found in zip(checks, differences, strict=True))


def _predictions(
    check: ParityCheck,
    reader: Reader,
    chunk: Sequence[Pixels],
    fitted: Sequence[Pixels],
    sizes: Sequence[tuple[int, ...]],
) -> Iterator[Result]:
    if check.pixels == "fitted" or reader.card.input.is_tiled:  # a graph is given tiles, which it takes as they are
        yield from predictions(check.engine, reader, fitted, sizes)
        return
    for image, size in zip(chunk, sizes, strict=True):
        yield from predictions(check.engine, reader, [image], [size])


def _proof(check: ParityCheck, found: Sequence[Difference]) -> Proof:
    allowed, needed = _LIMITS[check.limits]
    said = sum(difference.said for difference in found)
    return Proof(
        engine=check.engine.name,
        precision=check.engine.precision,
        processor=check.engine.processor,
        pixels=check.pixels,
        pictures=len(found),
        answers=said,
        largest_difference=max(difference.largest for difference in found),
        agreement=sum(difference.same * difference.said for difference in found) / said if said else 1.0,
        allowed_difference=allowed,
        needed_agreement=needed,
    )


def _chunks(images: Iterator[Pixels]) -> Iterator[list[Pixels]]:
    chunk: list[Pixels] = []
    for image in images:
        chunk.append(image)
        if len(chunk) == _BATCH:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
