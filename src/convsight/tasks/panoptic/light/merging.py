"""Classes of pixels and groups of pixels to segments that do not overlap: things first, then stuff.

Kirillov et al., "Panoptic Segmentation", 2019, section 7: where both claim a pixel it is the thing's, and regions of
stuff that are too small are told as nothing. A thing is of the class of most of its pixels, as in Cheng et al.,
"Panoptic-DeepLab", 2020, section 3.3.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


class MergedSegments(NamedTuple):
    """`ids` (height, width), the number of each pixel's segment from 1, 0 for none; classes and scores (segments,)."""

    ids: NDArray[np.int32]
    labels: NDArray[np.int64]
    scores: NDArray[np.float64]


def merged(
    indices: NDArray[np.integer[Any]],
    scores: Floats,
    group: NDArray[np.integer[Any]],
    sure: Floats,
    things: tuple[bool, ...],
    least_stuff: float,
) -> MergedSegments:
    """The segments of an image: `indices` and `scores` (height, width) are the class of each pixel and how sure it is.

    `group` (height, width) is the number of each pixel's centre, from 1, 0 for none; `sure` (centres,) how sure
    each is. A thing's score is that times the mean of its pixels'; stuff of less than `least_stuff` of the image is
    none.

    >>> indices = np.array([[0, 0, 1, 1]])
    >>> found = merged(indices, np.ones((1, 4)), np.array([[1, 1, 1, 2]]), np.array([0.9, 0.8]), (False, True), 0.0)
    >>> found.ids.tolist(), found.labels.tolist(), found.scores.tolist()
    ([[3, 3, 1, 2]], [1, 1, 0], [0.9, 0.8, 1.0])
    """
    classes, centres = len(things), len(sure)
    kinds = np.array([*things, False], np.bool_)
    known = indices < classes
    narrow = np.where(known, indices, classes).astype(np.int64)
    of_thing = kinds[narrow]
    # Without a centre anywhere, things of a class are one.
    number = np.where(group > 0, group, 1) if centres else np.ones_like(group)
    votes = _sums(number[of_thing] * (classes + 1) + narrow[of_thing], None, max(centres, 1) + 1, classes + 1)[1:]
    sums = _sums(
        number[of_thing] * (classes + 1) + narrow[of_thing], scores[of_thing], max(centres, 1) + 1, classes + 1
    )
    there = np.flatnonzero(votes.sum(axis=1))
    areas = votes[there].sum(axis=1)
    means = sums[1:][there].sum(axis=1) / areas
    found = means * (np.asarray(sure, np.float64)[there] if centres else 1.0)
    table = np.zeros(max(centres, 1) + 1, np.int32)
    table[there + 1] = np.arange(1, len(there) + 1)
    ids = np.where(of_thing, table[number], 0).astype(np.int32)
    stuff_area = np.bincount(narrow[known & ~of_thing], minlength=classes + 1)[:classes]
    stuff_sum = np.bincount(narrow[~of_thing], scores[~of_thing].astype(np.float64), classes + 1)[:classes]
    told = np.flatnonzero(stuff_area >= max(1, least_stuff * indices.size))
    regions = np.zeros(classes + 1, np.int32)
    regions[told] = len(there) + 1 + np.arange(len(told))
    ids = np.where(of_thing, ids, regions[narrow])
    labels = np.concatenate([votes[there].argmax(axis=1), told]).astype(np.int64)
    return MergedSegments(ids, labels, np.clip(np.concatenate([found, stuff_sum[told] / stuff_area[told]]), 0, 1))


def _sums(place: NDArray[np.int64], weights: Floats | None, rows: int, columns: int) -> Floats:
    """How many pixels, or what sum of `weights`, there are of each row and column."""
    each = None if weights is None else weights.astype(np.float64)
    found: Floats = np.bincount(place, each, rows * columns).reshape(rows, columns).astype(np.float64)
    return found
