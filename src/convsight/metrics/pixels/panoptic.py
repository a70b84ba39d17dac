"""Panoptic quality: how well every pixel is told its class, and things from one another, in one number a class.

Source: Kirillov et al., Panoptic Segmentation, 2019, section 4; what is void or a crowd is handled as its authors'
program does, but that all crowds of a class count where that takes the last one alone.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.metrics.pixels.overlap import ratio

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]

VOID = 0  # the id of pixels that are of no segment


class Segments(NamedTuple):
    """The segments of one image: `ids` (height, width) has the id of a pixel's segment, `VOID` for none.

    `numbers` (segments,) are the ids, `labels` (segments,) their classes, and `crowd` (segments,) marks regions of many
    things, which are known of the truth only.
    """

    ids: NDArray[np.integer[Any]]
    numbers: Indices
    labels: Indices
    crowd: NDArray[np.bool_]


class PanopticCounts(NamedTuple):
    """Of each class: the sum of the overlaps of matched segments, how many are matched, wrong and missed.

    Each (..., classes); for many images (images, classes). Where none of a class occurs, its numbers are NaN.
    """

    overlap: Floats
    right: Floats
    wrong: Floats
    missed: Floats

    @classmethod
    def stacked(cls, images: Sequence["PanopticCounts"]) -> "PanopticCounts":
        """Those of many images, on a first axis."""
        return cls(*(np.stack(each) for each in zip(*images, strict=True)))

    def pooled(self, weights: Floats) -> "PanopticCounts":
        """Those of all images together, each as often as `weights` (resamples, images) say."""
        return PanopticCounts(*(weights @ each for each in self))

    @property
    def quality(self) -> Floats:
        """Panoptic quality: the overlap of matched segments over matched ones and half of the others."""
        return ratio(self.overlap, self.right + (self.wrong + self.missed) / 2)

    @property
    def recognition(self) -> Floats:
        """Recognition quality: the F1 of segments."""
        return ratio(self.right, self.right + (self.wrong + self.missed) / 2)

    @property
    def segmentation(self) -> Floats:
        """Segmentation quality: the mean overlap of matched segments; 0 where a class has none of them."""
        occurs = self.right + self.wrong + self.missed > 0
        return np.where(occurs, self.overlap / np.maximum(self.right, 1e-300) * (self.right > 0), np.nan)


def panoptic_counts(truth: Segments, found: Segments, classes: int) -> PanopticCounts:
    """What the segments of one image come to, by class.

    Two segments of a class match where their intersection over union is above 0.5, which can be true of one pair only;
    void pixels of the truth do not count in the union. Crowds are neither found nor missed. A segment without a match
    is wrong, unless more than half of it lies on void pixels or on crowds of its class.

    >>> truth = Segments(np.array([[1, 1, 2, 2]]), np.array([1, 2]), np.array([0, 1]), np.zeros(2, bool))
    >>> found = Segments(np.array([[7, 7, 7, 8]]), np.array([7, 8]), np.array([0, 1]), np.zeros(2, bool))
    >>> panoptic_counts(truth, found, 2).quality.round(4).tolist()
    [0.6667, 0.0]
    """
    if truth.ids.shape != found.ids.shape:
        raise ValueError(f"a map of shape {found.ids.shape} cannot be judged by a truth of shape {truth.ids.shape}")
    shared = _shared(truth, found)
    areas, found_areas = shared.sum(axis=1)[1:], shared.sum(axis=0)[1:]
    void, both = shared[0, 1:], shared[1:, 1:]
    same = (truth.labels[:, None] == found.labels[None]) & ~truth.crowd[:, None]
    union = areas[:, None] + found_areas[None] - both - void[None]
    overlaps = np.divide(both, union, out=np.zeros(both.shape), where=union > 0) * same
    rows, columns = np.nonzero(overlaps > 0.5)
    crowded = (both * (truth.labels[:, None] == found.labels[None]) * truth.crowd[:, None]).sum(axis=0)
    wrong = ~((void + crowded) * 2 > found_areas)
    wrong[columns] = False
    missed = ~truth.crowd
    missed[rows] = False

    def by_class(labels: Indices, amounts: NDArray[Any] | None = None) -> Floats:
        return np.asarray(np.bincount(labels, amounts, classes), np.float64)

    return PanopticCounts(
        by_class(truth.labels[rows], overlaps[rows, columns]),
        by_class(truth.labels[rows]),
        by_class(found.labels[wrong]),
        by_class(truth.labels[missed]),
    )


def _shared(truth: Segments, found: Segments) -> Indices:
    """Pixels of each true segment that are of each found one: (1 + segments, 1 + segments), void first."""
    one, other = (_places(each) for each in (truth, found))
    width = len(found.numbers) + 1
    counted = np.bincount(one * width + other, minlength=(len(truth.numbers) + 1) * width)
    return counted.reshape(-1, width)


def _places(segments: Segments) -> Indices:
    """Of each pixel the place of its segment, from 1; 0 for void."""
    numbers = segments.numbers
    order = np.argsort(numbers, kind="stable")
    flat = segments.ids.reshape(-1)
    places = np.searchsorted(numbers[order], flat)
    known = np.append(numbers[order], VOID)[np.minimum(places, len(numbers))] == flat
    if not bool((known | (flat == VOID)).all()):
        strange = flat[~(known | (flat == VOID))][0]
        raise ValueError(f"the map holds the segment {strange}, which has no row")
    found: Indices = np.where(flat == VOID, 0, np.append(order, 0)[np.minimum(places, len(numbers))] + 1)
    return found
