"""Masks that a network gives on a grid over each box, as pixels of the image."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.results.masks import Mask

_SURE = 0.5  # probability from which a pixel is of a thing

Floats = NDArray[np.floating[Any]]


def masks_in_boxes(grids: Floats, xyxy: Floats, size: tuple[int, int]) -> list[Mask]:
    """The masks of `grids` (boxes, rows, columns) of probabilities over boxes (boxes, 4) in px of an image of `size`.

    Pixels whose centres lie in the box take the value between the centres of the cells around them; a pixel is of the
    thing from a probability of a half (He et al., "Mask R-CNN", 2017, section 3.1).

    >>> whole = masks_in_boxes(np.ones((1, 2, 2)), np.array([[1.0, 0.0, 5.0, 4.0]]), (9, 9))[0]
    >>> whole.xyxy, whole.area
    ((1, 0, 5, 4), 16)
    """
    return [_pasted(grid, box, size) for grid, box in zip(grids, xyxy, strict=True)]


def _pasted(grid: Floats, box: Floats, size: tuple[int, int]) -> Mask:
    (left, x), (top, y) = (_cells(box[axis], box[axis + 2], size[axis], grid.shape[1 - axis]) for axis in (0, 1))
    if not (len(x) and len(y)):
        return Mask(max(left, 0), max(top, 0), np.zeros((0, 0), np.bool_))
    rows = _between(grid, y, 0)
    return Mask.of(_between(rows, x, 1) >= _SURE, left, top)


def _cells(begin: float, end: float, side: int, cells: int) -> tuple[int, Floats]:
    """The first pixel whose centre lies between `begin` and `end`, and where all that do lie among `cells`."""
    first, last = max(0, int(np.ceil(begin - 0.5))), min(side, int(np.ceil(end - 0.5)))
    centres = np.arange(first, max(first, last)) + 0.5
    return first, (centres - begin) / max(end - begin, 1e-9) * cells - 0.5


def _between(values: Floats, places: Floats, axis: int) -> Floats:
    """`values` at `places` along `axis`, linear between neighbours and the outermost one's beyond."""
    last = values.shape[axis] - 1
    places = places.clip(0, last)
    before = np.floor(places).astype(np.int64)
    share = (places - before).reshape(-1, *[1] * (values.ndim - 1 - axis))
    after = np.minimum(before + 1, last)
    found: Floats = np.take(values, before, axis) * (1 - share) + np.take(values, after, axis) * share
    return found
