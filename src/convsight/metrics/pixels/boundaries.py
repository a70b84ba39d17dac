"""Boundary F1: how well the outlines of classes are met, whatever lies within them.

Source: Csurka et al., What is a good evaluation measure for semantic segmentation?, 2013, section 3: precision is the
share of the found boundary that lies within a distance of the true one of its class, recall the reverse; the distance
is 0.75 % of the picture's diagonal.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.metrics.pixels.confusion import Maps

Floats = NDArray[np.floating[Any]]

_SHARE = 0.0075  # of the diagonal
_ROUNDING = 1e-9  # of the tolerance: a pixel just as far away counts as met


def tolerance_px(shape: tuple[int, ...]) -> float:
    """How far from a true boundary a found one may lie: 0.75 % of the diagonal of `shape`, and at least a pixel.

    >>> tolerance_px((768, 1024)), tolerance_px((32, 32))
    (9.6, 1.0)
    """
    return max(1.0, _SHARE * math.sqrt(sum(side**2 for side in shape)))


def boundary_f1(
    truth: Maps, found: Maps, classes: int, ignore_index: int | None = None, tolerance: float | None = None
) -> Floats:
    """F1 of the boundary of each class: (classes,); NaN where a class has none in either map.

    `truth` and `found` are class indices of one shape, of a picture or a volume; `tolerance` is in pixels, that of
    `tolerance_px` unless given. A pixel is of its class's boundary where a neighbour beside it, above or below is of
    another class. The edge of the picture is no boundary, nor is that of ignored regions, in which nothing is judged.

    >>> truth = np.zeros((4, 9), int)
    >>> found = truth.copy()
    >>> truth[:, 4:], found[:, 5:] = 1, 1
    >>> boundary_f1(truth, found, 3).tolist(), boundary_f1(truth, found, 2, tolerance=0.5).tolist()
    ([1.0, 1.0, nan], [0.0, 0.0])
    """
    reach = tolerance_px(truth.shape) if tolerance is None else tolerance
    if ignore_index is not None:
        found = np.where(truth == ignore_index, truth, found)
    true, given = (_boundary(each, ignore_index) for each in (truth, found))
    right_given, right_true = _met(given, true, classes, reach), _met(true, given, classes, reach)
    counts = [np.bincount(each.labels, minlength=classes)[:classes] for each in (given, true)]
    precision, recall = (
        np.divide(right, np.maximum(count, 1)) for right, count in zip((right_given, right_true), counts, strict=True)
    )
    both = precision + recall
    f1 = 2 * precision * recall / np.where(both > 0, both, 1)
    return np.where(counts[0] + counts[1] > 0, f1, np.nan)


class _Boundary(NamedTuple):
    """The pixels of all boundaries: `places` (pixels, axes) and the class of each."""

    places: Floats
    labels: NDArray[np.int64]


def _boundary(maps: Maps, ignore_index: int | None) -> _Boundary:
    edge = np.zeros(maps.shape, np.bool_)
    for axis in range(maps.ndim):
        one, other = np.moveaxis(maps, axis, 0)[:-1], np.moveaxis(maps, axis, 0)[1:]
        differ = one != other
        if ignore_index is not None:
            differ &= (one != ignore_index) & (other != ignore_index)
        turned = np.moveaxis(edge, axis, 0)
        turned[:-1] |= differ
        turned[1:] |= differ
    return _Boundary(np.argwhere(edge).astype(np.float64), maps[edge].astype(np.int64))


def _met(some: _Boundary, others: _Boundary, classes: int, reach: float) -> NDArray[np.int64]:
    """How many pixels of `some`, of each class, lie within `reach` of one of `others` of that class."""
    if not len(some.labels) or not len(others.labels):
        return np.zeros(classes, np.int64)
    from scipy.spatial import cKDTree  # noqa: PLC0415 -- its import takes a while

    # One tree for all classes, which lie too far apart along an axis of their own to be taken for one another.
    apart = 4 * reach
    one, other = (np.column_stack([each.labels * apart, each.places]) for each in (some, others))
    distances, _ = cKDTree(other).query(one, distance_upper_bound=reach * (1 + _ROUNDING))
    return np.bincount(some.labels[np.isfinite(distances)], minlength=classes)[:classes]
