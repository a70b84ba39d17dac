"""Boundary F1: how well the outlines of classes are met, whatever lies within them.

Source: Csurka et al., What is a good evaluation measure for semantic segmentation?, 2013, section 3: precision is the
share of the found boundary that lies within a distance of the true one of its class, recall the reverse; the distance
is 0.75 % of the picture's diagonal.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.metrics.pixels.confusion import Maps

Floats = NDArray[np.floating[Any]]
Labels = NDArray[np.unsignedinteger[Any]]

_SHARE = 0.0075  # of the diagonal
_BYTE = 256
_MANY = 16  # of so many pixels one that is looked for
_AT_ONCE = 8  # steps looked at before pixels that were met are left out


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
    reached = _offsets(truth.ndim, reach)
    margin = int(reach)
    true, given = (_boundary(each, ignore_index, classes, margin) for each in (truth, found))
    counts, found_counts = (_counts(each[each < classes], classes) for each in (true, given))
    precision = 1 - _missed(given, true, reached, margin, classes) / np.maximum(found_counts, 1)
    recall = 1 - _missed(true, given, reached, margin, classes) / np.maximum(counts, 1)
    mean = (precision + recall) / 2
    f1 = precision * recall / np.where(mean > 0, mean, 1)
    return np.where(counts + found_counts > 0, f1, np.nan)


def _boundary(maps: Maps, ignore_index: int | None, classes: int, margin: int) -> Labels:
    """The class of each pixel of a boundary, else `classes`; as much around it as may be looked at."""
    edge = np.zeros(maps.shape, np.bool_)
    for axis in range(maps.ndim):
        one, other = np.moveaxis(maps, axis, 0)[:-1], np.moveaxis(maps, axis, 0)[1:]
        differ = one != other
        if ignore_index is not None:
            differ &= (one != ignore_index) & (other != ignore_index)
        turned = np.moveaxis(edge, axis, 0)
        turned[:-1] |= differ
        turned[1:] |= differ
    return np.pad(np.where(edge, maps, classes).astype(_narrow(classes)), margin, constant_values=classes)


def _narrow(classes: int) -> type[np.unsignedinteger[Any]]:
    """The narrowest numbers that hold so many classes and one for none: the fewer bytes, the faster."""
    return np.uint8 if classes < _BYTE else np.uint16 if classes < _BYTE**2 else np.uint32


def _offsets(axes: int, reach: float) -> NDArray[np.int64]:
    """The steps (steps, axes) to all pixels within `reach`, the nearest first."""
    side = np.arange(-int(reach), int(reach) + 1)
    steps = np.stack(np.meshgrid(*[side] * axes, indexing="ij"), axis=-1).reshape(-1, axes)
    squares = (steps**2).sum(axis=1)
    order = np.argsort(squares, kind="stable")
    return steps[order[: int((squares <= reach**2).sum())]]


def _counts(labels: Labels, classes: int) -> NDArray[np.int64]:
    return np.bincount(labels, minlength=classes)


def _missed(some: Labels, others: Labels, offsets: NDArray[np.int64], margin: int, classes: int) -> NDArray[np.int64]:
    """How many pixels of `some`, of each class, have none of `others` of that class at any of the `offsets`.

    Most boundaries are met within a pixel or two. Those that are not yet are looked for in the whole map while they are
    many, then one by one.
    """
    inner = tuple(slice(margin, side - margin) for side in some.shape)
    labels, away = some[inner], some < classes
    begin, left = 0, away[inner]
    while begin < len(offsets) and np.count_nonzero(left) * _MANY > left.size:
        for offset in offsets[begin : begin + _AT_ONCE].tolist():
            window = tuple(slice(part.start + step, part.stop + step) for part, step in zip(inner, offset, strict=True))
            left &= others[window] != labels
        begin += _AT_ONCE
    places = np.flatnonzero(away)
    flat, other = some.reshape(-1)[places], others.reshape(-1)
    steps = offsets[begin:] @ np.array([math.prod(some.shape[axis + 1 :]) for axis in range(some.ndim)])
    for some_steps in np.split(steps, np.arange(_AT_ONCE, len(steps), _AT_ONCE)):
        missed = np.ones(len(places), np.bool_)
        for step in some_steps.tolist():
            missed &= other.take(places + step) != flat
        places, flat = places[missed], flat[missed]
    return _counts(flat, classes)
