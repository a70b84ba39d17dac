"""A picture in its own scale through a network: in overlapping tiles, whose values are blended strip by strip."""

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol, final

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.threads import map_in_threads
from convsight.images import InputSize, fit_planes
from convsight.inputs import ImageInput
from convsight.inputs.tiling import Tiling
from convsight.results import InvalidOutputError
from convsight.runtime.engine import Engine

_BATCH = 8  # tiles run at once, at most: more made none of the engines faster
_PIXELS = 2**19  # of tiles run at once

Values = NDArray[np.float32]


class Rows(Protocol):
    """A picture of which only some rows need be in memory; `size` is its (width, height) in pixels."""

    size: tuple[int, int]

    def rows(self, top: int, bottom: int) -> NDArray[Any]:
        """Those from `top` to `bottom`, as `ImageInput.load` would make them: (rows, width, channels)."""


@final
class HeldRows:
    """A picture in memory: a loaded `array` of an original of `size` (width, height)."""

    def __init__(self, array: NDArray[Any], size: tuple[int, ...]) -> None:
        self.array = array
        self.size = (size[0], size[1])

    def rows(self, top: int, bottom: int) -> NDArray[Any]:
        """Those from `top` to `bottom`, with the borders of a picture that is smaller than a tile."""
        return self.array[top:bottom]


class Strip(NamedTuple):
    """What is known of the rows of a picture from `top` on: (values, rows, width)."""

    top: int
    values: Values


@final
class Tiles:
    """How a picture of `size` (width, height) is cut into tiles of `spec`: rows of tiles, one below the other."""

    def __init__(self, spec: ImageInput, size: tuple[int, int]) -> None:
        self.spec = spec
        self.size = size
        self.across, self.down = (
            Tiling(max(cells, tile), tile, spec.overlap)
            for cells, tile in zip(size, (spec.width, spec.height), strict=True)
        )

    def pixels(self, picture: Rows, row: int) -> NDArray[Any]:
        """The pixels of a row of tiles, with borders where the picture is smaller than a tile."""
        top = self.down.starts[row]
        found = picture.rows(top, min(top + self.spec.height, self.size[1]))
        wanted = InputSize(self.spec.height, self.across.cells, "tile")
        return found if found.shape[:2] == wanted[:2] else fit_planes(found, wanted, self.spec.low)


def blended_strips(engine: Engine, name: str, picture: Rows, tiles: Tiles, first: int = 0) -> Iterator[Strip]:
    """The array `name` of a network for a whole `picture`, in strips from the top down, one for a row of tiles.

    Two rows of tiles are in memory, and the picture's pixels of one. Strips from the row of tiles `first` on are the
    same, to the bit, as when all are asked for. Raises `InvalidOutputError` where the network gives no value a pixel.
    """
    down, (width, height) = tiles.down, tiles.size
    below: Values | None = None  # what tiles above said of the rows from here on
    above = down.first_of(first)
    for row in range(above, len(down)):
        found = _across(engine, name, tiles.pixels(picture, row), tiles.across)
        found *= down.shares[row][:, None]
        if below is not None:
            found[:, : below.shape[1]] += below
        known = down.done(row) - down.starts[row]
        below = found[:, known:]
        if row >= first:
            top = down.starts[row]
            yield Strip(top, found[:, : min(known, height - top), :width])


def _across(engine: Engine, name: str, pixels: NDArray[Any], across: Tiling) -> Values:
    """The blended values (values, rows, width) of one row of tiles, whose `pixels` are (rows, width, channels)."""
    at_once = max(1, min(_BATCH, _PIXELS // (len(pixels) * across.tile)))
    batches = [across.starts[begin : begin + at_once] for begin in range(0, len(across), at_once)]

    def run(starts: tuple[int, ...]) -> NDArray[Any]:
        return engine.run(np.stack([pixels[:, start : start + across.tile] for start in starts]))[name]

    found: Values | None = None
    shares = iter(across.shares)
    for starts, values in zip(batches, map_in_threads(run, batches, engine.callers), strict=True):
        if values.ndim != 4 or values.shape[2:] != (len(pixels), across.tile):
            raise InvalidOutputError(f"the network gives {name} of {values.shape[1:]} for a tile, not a value a pixel")
        if found is None:
            found = np.zeros((values.shape[1], len(pixels), across.cells), np.float32)
        for start, value in zip(starts, values, strict=True):
            found[:, :, start : start + across.tile] += value * next(shares)
    assert found is not None  # there is a tile
    return found
