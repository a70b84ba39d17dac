"""From the arrays that a network gives for a batch to one result an image, for every task and engine alike."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.results import Result
from convsight.runtime.engine import Engine
from convsight.tasks.reader import Reader


def result_at(reader: Reader, arrays: Mapping[str, NDArray[Any]], index: int, size: tuple[int, int]) -> Result:
    """The result of the image at `index` of a batch, whose original had `size` (width, height).

    `arrays` are those of the network, by name, their first axis the batch. Raises `NoAnswerError` where they are none.
    """
    return reader.read({name: values[index] for name, values in arrays.items()}, size)


def predictions(
    engine: Engine, reader: Reader, images: NDArray[np.uint8], sizes: Sequence[tuple[int, int]]
) -> Iterator[Result]:
    """One result for each of `images` (batch, height, width, 3), whose originals had `sizes` (width, height).

    Raises `NoAnswerError` where the network gives none for one of them.
    """
    arrays = engine.run(images)
    for index, size in enumerate(sizes):
        yield result_at(reader, arrays, index, size)
