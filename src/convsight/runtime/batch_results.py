"""From what is loaded to one result an example, for every task and engine alike: one run, or tiles that are blended."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, final

import numpy as np
from numpy.typing import NDArray

from convsight.inputs import as_image
from convsight.results import InvalidOutputError, Result
from convsight.runtime.blended import HeldRows, Tiles, blended_strips
from convsight.runtime.engine import Engine
from convsight.tasks.reader import Reader, blendable


class Outputs(Protocol):
    """What a network said of some examples."""

    def result(self, index: int) -> Result:
        """The result of the example at `index`; raises `InvalidOutputError` where the network gives none."""


def outputs_of(
    engine: Engine,
    reader: Reader,
    inputs: Sequence[NDArray[Any]] | NDArray[Any],
    sizes: Sequence[tuple[int, ...]],
    least: int = 0,
) -> Outputs:
    """What the network says of `inputs`, loaded arrays of originals of `sizes`: of images (width, height).

    They are run together, `least` at once, the first again where they are fewer; where the input is tiled, one after
    the other, tile by tile.
    """
    if reader.card.input.is_tiled:
        return _Blended([_blended(engine, reader, each, size) for each, size in zip(inputs, sizes, strict=True)])
    if missing := max(0, least - len(inputs)):
        inputs = [*inputs, *[inputs[0]] * missing]
    return _Together(reader, engine.run(inputs if isinstance(inputs, np.ndarray) else np.stack(inputs)), sizes)


def predictions(
    engine: Engine,
    reader: Reader,
    inputs: Sequence[NDArray[Any]] | NDArray[Any],
    sizes: Sequence[tuple[int, ...]],
) -> Iterator[Result]:
    """One result for each of `inputs`: see `outputs_of`.

    Raises `InvalidOutputError` where the network gives none for one of them.
    """
    found = outputs_of(engine, reader, inputs, sizes)
    for index in range(len(inputs)):
        yield found.result(index)


@final
class _Together:
    """The arrays of one run by name, their first axis the batch."""

    def __init__(self, reader: Reader, arrays: Mapping[str, NDArray[Any]], sizes: Sequence[tuple[int, ...]]) -> None:
        self._reader = reader
        self._arrays = arrays
        self._sizes = sizes

    def result(self, index: int) -> Result:
        return self._reader.read({name: values[index] for name, values in self._arrays.items()}, self._sizes[index])


@final
class _Blended:
    """Results, or why there is none."""

    def __init__(self, found: Sequence[Result | InvalidOutputError]) -> None:
        self._found = found

    def result(self, index: int) -> Result:
        found = self._found[index]
        if isinstance(found, InvalidOutputError):
            raise found
        return found


def _blended(engine: Engine, reader: Reader, array: NDArray[Any], size: tuple[int, ...]) -> Result | InvalidOutputError:
    """The result of one picture in its own scale: strips are read as soon as they are known, and then joined."""
    reads = blendable(reader)
    picture = HeldRows(array, size)
    tiles = Tiles(as_image(reader.card.input, "blending tiles"), picture.size)
    try:
        strips = blended_strips(engine, reads.blended, picture, tiles)
        return reads.joined([reads.strip(strip.values) for strip in strips])
    except InvalidOutputError as error:
        return error
