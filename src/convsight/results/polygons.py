"""Outlines to pixels and back: which pixels a polygon covers, as COCO counts them, and the outlines of a mask."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_FINE = 5  # steps a pixel, along which COCO follows an edge


def fill_polygons(outlines: Sequence[Floats], size: tuple[int, int]) -> Flags:
    """The pixels (height, width) that lie in any of the `outlines`, each (corners, 2) in pixels, x before y.

    A corner at (0, 0) is the outer corner of the first pixel. The same pixels as COCO's own tool gives: edges are
    followed in fifths of a pixel, and a column's pixels lie between the places where the outline crosses its centre,
    inside and outside in turn. What lies out of the image of `size` (width, height) is left out.

    >>> fill_polygons([np.array([[1.0, 0], [3, 0], [3, 2], [1, 2]])], (4, 3)).astype(int).tolist()
    [[0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
    """
    width, height = size
    mask = np.zeros((height, width), np.bool_)
    for outline in outlines:
        left, filled = _filled(np.asarray(outline, np.float64).reshape(-1, 2), width, height)
        mask[:, left : left + filled.shape[1]] |= filled
    return mask


def _filled(corners: Floats, width: int, height: int) -> tuple[int, Flags]:
    """The first column of a polygon and its pixels from there on: even and odd crossings, counted down each column."""
    across, down = _along(np.trunc(_FINE * corners + 0.5).astype(np.int64))
    step = np.flatnonzero(across[1:] != across[:-1]) + 1
    before, after = across[step - 1], across[step]
    column = (np.where(after < before, after, after - 1) + 0.5) / _FINE - 0.5
    row = (np.minimum(down[step], down[step - 1]) + 0.5) / _FINE - 0.5
    kept = (np.floor(column) == column) & (column >= 0) & (column <= width - 1)
    rows = np.ceil(np.clip(row[kept], 0, height)).astype(np.int64)
    columns = column[kept].astype(np.int64)
    if not len(columns):
        return 0, np.zeros((height, 0), np.bool_)
    left = int(columns.min())
    cells = (min(width, int(columns.max()) + 2) - left) * height
    # One at the end of a column is one at the beginning of the next, as COCO has it.
    turns = np.bincount((columns - left) * height + rows, minlength=cells)[:cells]
    return left, (np.cumsum(turns) % 2 == 1).reshape(-1, height).T


def _along(corners: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every point of a closed outline, (points,) across and down: one a step of the longer side of each edge."""
    start, end = corners, np.roll(corners, -1, axis=0)
    change = end - start
    length = np.abs(change).max(axis=1)
    edge = np.repeat(np.arange(len(corners)), length + 1)
    first = np.concatenate([[0], np.cumsum(length + 1)[:-1]])
    place = np.arange(len(edge)) - first[edge]
    # An edge is followed from its lower end along its longer side, so that it is the same whichever way it goes.
    by_x = np.abs(change[:, 0]) >= np.abs(change[:, 1])
    main = np.where(by_x, change[:, 0], change[:, 1])
    flipped = main < 0
    low = np.where(flipped[:, None], end, start)
    other = np.where(by_x, change[:, 1], change[:, 0]) * np.where(flipped, -1, 1)
    slope = np.divide(other, length, out=np.zeros(len(length)), where=length > 0)
    place = np.where(flipped[edge], length[edge] - place, place)
    along = place + np.where(by_x, low[:, 0], low[:, 1])[edge]
    aside = np.trunc(np.where(by_x, low[:, 1], low[:, 0])[edge] + slope[edge] * place + 0.5).astype(np.int64)
    return np.where(by_x[edge], along, aside), np.where(by_x[edge], aside, along)


def outlines_of(mask: NDArray[Any]) -> list[Floats]:
    """The outlines of `mask` (height, width) along the edges of its pixels, each (corners, 2), x before y.

    Those of the thing's parts go clockwise, those of its holes the other way. Pixels that touch at a corner alone are
    parts of their own. Corners on a straight line are left out.

    >>> [outline.tolist() for outline in outlines_of(np.array([[0, 1, 1], [0, 1, 1]]))]
    [[[1.0, 0.0], [3.0, 0.0], [3.0, 2.0], [1.0, 2.0]]]
    """
    return [np.array(corners, np.float64) for corners in _loops(_edges(np.asarray(mask, np.bool_)))]


def is_hole(outline: Floats) -> bool:
    """Whether an outline of `outlines_of` is that of a hole.

    >>> is_hole(np.array([[1.0, 0], [3, 0], [3, 2], [1, 2]]))
    False
    """
    after = np.roll(outline, -1, axis=0)
    return float((outline[:, 0] * after[:, 1] - outline[:, 1] * after[:, 0]).sum()) < 0


_Point = tuple[int, int]


def _edges(mask: Flags) -> dict[_Point, list[_Point]]:
    """The edges between pixels in the mask and others, with the mask on the right: from where to where."""
    padded = np.pad(mask, 1)
    found: dict[_Point, list[_Point]] = {}
    above = padded[1:-1, 1:-1] & ~padded[:-2, 1:-1]
    below = padded[1:-1, 1:-1] & ~padded[2:, 1:-1]
    left = padded[1:-1, 1:-1] & ~padded[1:-1, :-2]
    right = padded[1:-1, 1:-1] & ~padded[1:-1, 2:]
    for flags, (x0, y0), (x1, y1) in (
        (above, (0, 0), (1, 0)),
        (right, (1, 0), (1, 1)),
        (below, (1, 1), (0, 1)),
        (left, (0, 1), (0, 0)),
    ):
        rows, columns = np.nonzero(flags)
        for y, x in zip(rows.tolist(), columns.tolist(), strict=True):
            found.setdefault((x + x0, y + y0), []).append((x + x1, y + y1))
    return found


def _loops(edges: dict[_Point, list[_Point]]) -> Iterator[list[_Point]]:
    while edges:
        start = next(iter(edges))
        corners: list[_Point] = []
        here, before = start, (0, 0)
        while True:
            after = _next(edges, here, before)
            heading = _heading(here, after)
            if heading != before:
                corners.append(here)
            here, before = after, heading
            if here == start and not _goes_on(edges, start, before):
                break
        if _heading(corners[0], corners[1]) == before:  # the loop began in the middle of a side
            corners.pop(0)
        yield corners


def _goes_on(edges: dict[_Point, list[_Point]], here: _Point, heading: _Point) -> bool:
    """Whether a loop that is back where it began only touches itself there: another edge goes on to the right."""
    return any(_heading(here, end) == _right_of(heading) for end in edges.get(here, ()))


def _right_of(heading: _Point) -> _Point:
    return -heading[1], heading[0]


def _heading(here: _Point, after: _Point) -> _Point:
    return (after[0] > here[0]) - (after[0] < here[0]), (after[1] > here[1]) - (after[1] < here[1])


def _next(edges: dict[_Point, list[_Point]], here: _Point, heading: _Point) -> _Point:
    """The end of the edge from `here`; of two the one to the right, so that parts that touch at a corner stay two."""
    ends = edges[here]
    chosen = 0
    if len(ends) > 1:
        right = _right_of(heading)
        chosen = next((row for row, end in enumerate(ends) if _heading(here, end) == right), 0)
    found = ends.pop(chosen)
    if not ends:
        del edges[here]
    return found
