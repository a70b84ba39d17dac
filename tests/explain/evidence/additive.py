"""A network whose true maps are known: its answer is a sum over pixels, so that each is worth what it adds."""

from collections.abc import Iterator
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.explain.subject import Subject
from convsight.inputs import ImageInput
from convsight.runtime.engine import Engine
from convsight.tasks.question import OutputQuestion

SIDE, PATCH = 14, 4


@final
class Redness(Engine):
    """The probability of red: for each pixel how much redder than blue it is, squared; 1 for a patch of pure red."""

    name, precision, streams = "toy", "float32", 1

    def run(self, inputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
        red = np.clip(redness(inputs).sum(axis=(1, 2)), 0, 1)
        return {"probabilities": np.stack([red, 1 - red], axis=1)}


def redness(arrays: NDArray[Any]) -> NDArray[np.float64]:
    """What each pixel (..., height, width) adds to the answer."""
    values = arrays.astype(np.float64)
    return np.clip((values[..., 0] - values[..., 2]) / 255, 0, None) ** 2 / PATCH**2


def subject_of(array: NDArray[Any], engine: Engine | None = None, index: int = 0) -> Subject:
    """`array` (height, width, channels) of uint8 or float32, as a network sees it that is asked for red."""
    height, width, channels = array.shape
    whole = array.dtype == np.uint8
    spec = ImageInput(
        height=height,
        width=width,
        channels=channels,
        bits=8 if whole else 32,
        mean=(0.5,) * channels,
        std=(0.25,) * channels,
    )
    question = OutputQuestion("red", index, "probabilities")
    return Subject(array, (width, height), spec, engine or Redness(), question, original=_none, open_network=_none)


def pictures(count: int, seed: int = 0) -> Iterator[NDArray[np.uint8]]:
    """Grey pictures with a red patch somewhere, and a patch of black and white squares, which has more edges."""
    generator = np.random.default_rng(seed)
    for _ in range(count):
        picture = np.full((SIDE, SIDE, 3), 128, np.uint8)
        squares = np.indices((PATCH, PATCH)).sum(axis=0) % 2 * 255
        places = generator.permutation(9)[:2]
        for place, colours in zip(places, (squares[:, :, None], np.array([255, 0, 0])), strict=True):
            top, left = (int(cell) * 5 for cell in divmod(int(place), 3))
            picture[top : top + PATCH, left : left + PATCH] = colours
        yield picture


def _none() -> Image.Image:
    raise AssertionError("nobody asks for it")
