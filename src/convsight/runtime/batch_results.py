"""From the arrays that a network gives for a batch to one result an example, for every task and engine alike."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from convsight.results import Result
from convsight.runtime.engine import Engine
from convsight.tasks.reader import Reader


def result_at(reader: Reader, arrays: Mapping[str, NDArray[Any]], index: int, size: tuple[int, ...]) -> Result:
    """The result of the example at `index` of a batch, whose original had `size`: of an image (width, height).

    `arrays` are those of the network, by name, their first axis the batch. Raises `InvalidOutputError` where they are
    none.
    """
    return reader.read({name: values[index] for name, values in arrays.items()}, size)


def predictions(
    engine: Engine, reader: Reader, inputs: NDArray[Any], sizes: Sequence[tuple[int, ...]]
) -> Iterator[Result]:
    """One result for each of `inputs` (batch, ...), whose originals had `sizes`: of images (width, height).

    Raises `InvalidOutputError` where the network gives none for one of them.
    """
    arrays = engine.run(inputs)
    for index, size in enumerate(sizes):
        yield result_at(reader, arrays, index, size)
