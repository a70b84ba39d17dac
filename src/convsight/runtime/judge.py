"""Answering pictures and holding the answers against the truth, for every task and engine alike."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from convsight.results import Result
from convsight.runtime.engine import Engine
from convsight.tasks.reader import Metrics, Reader

if TYPE_CHECKING:  # predict needs none of what reads data sets, and starts sooner without
    from convsight.datasets import Examples

_MOST = 256  # pictures run at once; more keep no core busier
_PIXELS = 2**21  # of pictures run at once: the widest maps of features take about a hundred bytes for each


def answers(
    engine: Engine, reader: Reader, pictures: NDArray[np.uint8], sizes: Sequence[tuple[int, int]]
) -> Iterator[Result]:
    """One result for each of `pictures` (batch, height, width, 3), whose originals had `sizes` (width, height)."""
    arrays = engine.run(pictures)
    for index, size in enumerate(sizes):
        yield reader.read(one_picture(arrays, index), size)


def one_picture(arrays: dict[str, NDArray[Any]], index: int) -> dict[str, NDArray[Any]]:
    """The arrays of one picture of a batch."""
    return {name: values[index] for name, values in arrays.items()}


def judge(
    engine: Engine,
    reader: Reader,
    examples: "Examples",
    progress: Callable[[int], object] | None = None,
) -> Metrics:
    """Metrics of the network in `engine` over `examples`; `progress` is told how many were judged."""
    metrics = reader.metrics()
    pictures = examples.pictures
    frame = pictures.frame
    batch = max(1, min(_MOST, _PIXELS // (frame.height * frame.width)))
    for start in range(0, len(examples), batch):
        chosen = np.arange(start, min(start + batch, len(examples)))
        sizes = [pictures.size(int(index)) for index in chosen]
        for index, result in zip(chosen, answers(engine, reader, pictures.take(chosen), sizes), strict=True):
            metrics.update(examples.truths[int(index)], result)
        if progress:
            progress(len(chosen))
    return metrics
