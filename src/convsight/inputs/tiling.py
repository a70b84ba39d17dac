"""`Tiling`: along one axis, where overlapping tiles lie and how much each of them says of every cell."""

from itertools import pairwise
from typing import final

import numpy as np
from numpy.typing import NDArray

_BEYOND = 8  # of a tile is an eighth
_SILENT = 0.25  # of the overlap, at the edge of a tile: what a network says there it says without its surroundings


@final
class Tiling:
    """Tiles of `tile` cells on an axis of `cells`, at least as many; neighbours share `overlap` cells.

    The last tile ends where the axis ends, so it may share more. `shares[k]` (tile,) is how much tile k counts at its
    own cells; those of all tiles add up to 1 at every cell. From the edge of a tile that has a neighbour, a quarter of
    the overlap counts nothing; then the share rises as a squared sine over half of the overlap. So what lies within a
    quarter of the overlap from an edge, where a network misses its surroundings, has no influence at all.

    >>> tiling = Tiling(cells=10, tile=6, overlap=2)
    >>> tiling.starts, [share.tolist() for share in tiling.shares]
    ((0, 4), [[1.0, 1.0, 1.0, 1.0, 1.0, 0.0], [0.0, 1.0, 1.0, 1.0, 1.0, 1.0]])
    """

    def __init__(self, cells: int, tile: int, overlap: int) -> None:
        if not 0 <= 2 * overlap <= tile <= cells:
            raise ValueError(f"no tiles of {tile} cells that overlap by {overlap} lie in {cells}")
        step, last = tile - overlap, cells - tile
        self.cells = cells
        self.tile = tile
        self.starts = (*range(0, last, step), last)
        self.shares = self._shares(overlap)

    def __len__(self) -> int:
        return len(self.starts)

    def done(self, index: int) -> int:
        """Up to which cell everything has been said after the tile `index`: where the next one starts."""
        return self.starts[index + 1] if index + 1 < len(self) else self.cells

    def first_of(self, index: int) -> int:
        """The first tile that says something of the cells where tile `index` starts."""
        return next(each for each, start in enumerate(self.starts) if start + self.tile > self.starts[index])

    def _shares(self, overlap: int) -> tuple[NDArray[np.float32], ...]:
        """The own weights of every tile, divided by those of all tiles at its cells."""
        own = [self._weights(index, overlap) for index in range(len(self))]
        total = np.zeros(self.cells)
        for start, weights in zip(self.starts, own, strict=True):
            total[start : start + self.tile] += weights
        parts = (total[start : start + self.tile] for start in self.starts)
        return tuple((weights / part).astype(np.float32) for weights, part in zip(own, parts, strict=True))

    def _weights(self, index: int, overlap: int) -> NDArray[np.float64]:
        """Of the cells of tile `index`: 1 in its middle, less towards edges that have a neighbour."""
        found = np.ones(self.tile)
        rising = _rising(overlap)
        if index > 0:
            found[:overlap] *= rising
        if index + 1 < len(self):
            found[self.tile - overlap :] *= rising[::-1]
        return found


def _rising(overlap: int) -> NDArray[np.float64]:
    """From 0 to 1 over so many cells; what falls beside it makes the sum 1."""
    silent = _SILENT * overlap
    distance = np.arange(overlap) + 0.5
    share = np.clip((distance - silent) / max(overlap - 2 * silent, 1e-9), 0, 1)
    rising: NDArray[np.float64] = np.sin(share * np.pi / 2) ** 2
    return rising


def tiles_of(side: int, tile: int, overlap: int) -> int:
    """How many tiles an axis of `side` cells takes; one that is shorter than a tile takes one.

    >>> tiles_of(100, 256, 64), tiles_of(1000, 256, 64)
    (1, 5)
    """
    return 1 if side <= tile else 1 + -(-(side - tile) // (tile - overlap))


def spread_starts(side: int, tile: int, overlap: int) -> list[tuple[int, int]]:
    """For each tile of an axis the range (first, last) of starts among which one is drawn, so that all are covered.

    The ranges reach an eighth of a tile beyond what is possible: what is drawn there is meant to begin at the border,
    since the outermost cells would else hardly ever be seen.

    >>> spread_starts(1000, 256, 64)
    [(-32, 129), (129, 291), (291, 452), (452, 614), (614, 776)]
    """
    last, beyond = max(0, side - tile), tile // _BEYOND
    bounds = np.linspace(-beyond, last + beyond, tiles_of(side, tile, overlap) + 1).astype(int).tolist()
    return list(pairwise(bounds))
