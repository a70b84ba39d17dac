"""How much polygons overlap, exactly: no grid of pixels, no library of shapes.

Between two heights at which a corner lies or edges cross, edges are straight and keep their order. So the area there is
the width half-way, which the crossings of that line tell, times the height.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Ring = NDArray[np.float64]  # corners (corners, 2): across and down; the last is joined to the first
Floats = NDArray[np.float64]


def polygon_overlaps(one: Sequence[Sequence[Ring]], other: Sequence[Sequence[Ring]]) -> Floats:
    """Intersection over union of each polygon of `one` with each of `other`: (n, m); 0 for those without area.

    A polygon is its rings: a place is inside where an odd number of them lies around it, so that further rings are
    holes, or parts beside one another.

    >>> square = np.array([[0.0, 0], [2, 0], [2, 2], [0, 2]])
    >>> polygon_overlaps([[square]], [[square + [1, 0]], [square, square / 2 + 0.5]]).round(4).tolist()
    [[0.3333, 0.75]]
    """
    edges, others = ([_edges(rings) for rings in polygons] for polygons in (one, other))
    areas, other_areas = (np.array([_area(each, each) for each in some]) for some in (edges, others))
    found = np.zeros((len(one), len(other)))
    frames, other_frames = (np.array([_frame(each) for each in some]).reshape(-1, 4) for some in (edges, others))
    corners = np.minimum(frames[:, None, 2:], other_frames[None, :, 2:]) - np.maximum(
        frames[:, None, :2], other_frames[None, :, :2]
    )
    for row, column in np.argwhere((corners > 0).all(axis=2)).tolist():
        shared = _area(edges[row], others[column])
        whole = areas[row] + other_areas[column] - shared
        found[row, column] = shared / whole if whole > 0 else 0.0
    return found


def polygon_areas(polygons: Sequence[Sequence[Ring]]) -> Floats:
    """The area of each polygon: (n,).

    >>> polygon_areas([[np.array([[0.0, 0], [2, 0], [2, 2]])], [np.array([[0.0, 0], [2, 2]])]]).tolist()
    [2.0, 0.0]
    """
    return np.array([_area(edges, edges) for edges in map(_edges, polygons)])


def _edges(rings: Sequence[Ring]) -> Floats:
    """The edges of all rings: (edges, 4), from across, from down, to across, to down."""
    return np.concatenate([np.hstack([ring, np.roll(ring, -1, axis=0)]) for ring in rings])


def _frame(edges: Floats) -> list[float]:
    return [*edges[:, :2].min(axis=0).tolist(), *edges[:, :2].max(axis=0).tolist()]


def _area(one: Floats, other: Floats) -> float:
    """The area of what is inside of both."""
    both = np.vstack([one, other])
    heights = np.unique(np.concatenate([both[:, 1], _crossings(both)]))
    middles, tall = (heights[1:] + heights[:-1]) / 2, np.diff(heights)
    return float(sum(_width(one, other, middle) * high for middle, high in zip(middles, tall, strict=True)))


def _crossings(edges: Floats) -> Floats:
    """The heights at which two edges cross."""
    start, step = edges[:, :2], edges[:, 2:] - edges[:, :2]
    apart = start[None] - start[:, None]
    turn = step[:, None, 0] * step[None, :, 1] - step[:, None, 1] * step[None, :, 0]
    parallel = turn == 0
    turn = np.where(parallel, 1, turn)
    along = (apart[..., 0] * step[None, :, 1] - apart[..., 1] * step[None, :, 0]) / turn
    across = (apart[..., 0] * step[:, None, 1] - apart[..., 1] * step[:, None, 0]) / turn
    meet = ~parallel & (along > 0) & (along < 1) & (across >= 0) & (across <= 1)
    heights: Floats = (start[:, None, 1] + along * step[:, None, 1])[meet]
    return heights


def _width(one: Floats, other: Floats, height: float) -> float:
    """How wide what is inside of both is at a height at which no corner lies."""
    ends = [_crossed(edges, height) for edges in (one, other)]
    marks = np.unique(np.concatenate(ends))
    middles = (marks[1:] + marks[:-1]) / 2
    inside = [np.searchsorted(each, middles) % 2 == 1 for each in ends]
    return float(np.diff(marks)[inside[0] & inside[1]].sum())


def _crossed(edges: Floats, height: float) -> Floats:
    """Where the line at `height` crosses the edges, from left to right."""
    over = edges[(edges[:, 1] < height) != (edges[:, 3] < height)]
    share = (height - over[:, 1]) / (over[:, 3] - over[:, 1])
    return np.sort(over[:, 0] + share * (over[:, 2] - over[:, 0]))
