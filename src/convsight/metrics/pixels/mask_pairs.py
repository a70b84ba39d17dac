"""`MaskPairs`: which masks of an image meet which true ones, and in how many pixels; all that judging needs."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.results.masks import Mask

Indices = NDArray[np.int64]
Floats = NDArray[np.float64]


class MaskPairs(NamedTuple):
    """Found and true masks that share pixels: `found` and `true` (pairs,) positions, `shared` (pairs,) how many.

    `found_areas` (masks,) and `true_areas` (masks,) are how many pixels each mask has. Masks themselves are not kept,
    so that the pairs of many thousand images fit in memory. Pairs lie in the order of the found masks.

    >>> square, half = Mask(0, 0, np.ones((2, 2), bool)), Mask(1, 0, np.ones((2, 1), bool))
    >>> MaskPairs.of([square, half], [half]).iou().tolist()
    [0.5, 1.0]
    """

    found: Indices
    true: Indices
    shared: Indices
    found_areas: Indices
    true_areas: Indices

    @classmethod
    def of(cls, found: Sequence[Mask], true: Sequence[Mask]) -> "MaskPairs":
        """The pairs of one image."""
        one, other = (np.array([mask.xyxy for mask in masks], np.int64).reshape(-1, 4) for masks in (found, true))
        corners = np.minimum(one[:, None, 2:], other[None, :, 2:]) - np.maximum(one[:, None, :2], other[None, :, :2])
        rows, columns = np.nonzero((corners > 0).all(axis=2))
        shared = np.array(
            [found[row].shared(true[column]) for row, column in zip(rows.tolist(), columns.tolist(), strict=True)],
            np.int64,
        )
        areas = (np.array([mask.area for mask in masks], np.int64) for masks in (found, true))
        meet = shared > 0
        return cls(rows[meet], columns[meet], shared[meet], *areas)

    def iou(self, crowd: NDArray[np.bool_] | None = None) -> Floats:
        """Intersection over union of each pair; of true masks that are a `crowd` (masks,) over the found one alone."""
        own = self.found_areas[self.found]
        whole = own + self.true_areas[self.true] - self.shared
        if crowd is not None:
            whole = np.where(crowd[self.true], own, whole)
        overlaps: Floats = self.shared / whole
        return overlaps

    def select(self, chosen: NDArray[Any]) -> "MaskPairs":
        """The pairs under the mask, or at the positions, `chosen`; all masks stay."""
        return self._replace(found=self.found[chosen], true=self.true[chosen], shared=self.shared[chosen])

    def among(self, found: NDArray[np.bool_], true: NDArray[np.bool_]) -> "MaskPairs":
        """The pairs of the masks under `found` (masks,) and `true` (masks,), counted anew among these."""
        kept = self.select(found[self.found] & true[self.true])
        places = (np.cumsum(flags) - 1 for flags in (found, true))
        one, other = (place[indices] for place, indices in zip(places, (kept.found, kept.true), strict=True))
        return MaskPairs(one, other, kept.shared, self.found_areas[found], self.true_areas[true])
