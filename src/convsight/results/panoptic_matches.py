"""Which segments of two panoptic maps speak of the same, and what is wrong about the others."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from convsight.results.mistakes import Mistake

if TYPE_CHECKING:
    from convsight.results.panoptic_map import PanopticMap

_SAME = 0.5  # intersection over union above which two segments are the same: Kirillov et al., 2019, section 4.1
_NOTHING = "nothing"


def matched_segments(one: "PanopticMap", other: "PanopticMap") -> NDArray[np.int64]:
    """For each segment of `one` the position of its partner in `other`, -1 for none.

    Partners are of one class, and overlap by more than half: that can be true of one pair only.
    """
    overlaps = segment_overlaps(one, other) * (one.labels[:, None] == other.labels[None])
    if not overlaps.size:
        return np.full(len(one), -1, np.int64)
    best = overlaps.argmax(axis=1)
    return np.where(overlaps[np.arange(len(one)), best] > _SAME, best, -1)


def segment_overlaps(one: "PanopticMap", other: "PanopticMap") -> NDArray[np.float64]:
    """Intersection over union of each segment of `one` with each of `other`; 0 where sizes differ."""
    rows, columns = len(one) + 1, len(other) + 1
    if one.size != other.size:
        return np.zeros((rows - 1, columns - 1))
    shared = np.bincount((one.rows.astype(np.int64) * columns + other.rows).ravel(), minlength=rows * columns)
    inside = shared.reshape(rows, columns)[1:, 1:].astype(np.float64)
    together = one.areas[:, None] + other.areas[None] - inside
    return np.divide(inside, together, out=np.zeros_like(inside), where=together > 0)


def panoptic_mistakes(prediction: "PanopticMap", target: "PanopticMap") -> list[Mistake]:
    """Segments that are `wrong`, without a partner, as sure as they are, and those that are `missed`; the worst first.

    Crowds need not be found, and what lies on them, or where nothing is known, is not wrong.
    """
    partners = matched_segments(prediction, target)
    known = np.append(False, ~target.crowd)[target.rows]
    judged = np.bincount(prediction.rows[known], minlength=len(prediction) + 1)[1:]
    found = []
    for row in np.flatnonzero((partners < 0) & (2 * judged > prediction.areas)).tolist():
        name = prediction.classes[prediction.labels[row]]
        found.append(Mistake("wrong", _NOTHING, name, float(prediction.scores[row]), _corners(prediction, row)))
    needed = np.ones(len(target), np.bool_)
    needed[partners[partners >= 0]] = False
    for row in np.flatnonzero(needed & ~target.crowd).tolist():
        found.append(Mistake("missed", target.classes[target.labels[row]], _NOTHING, 1.0, _corners(target, row)))
    return sorted(found, key=lambda mistake: -mistake.severity)


def _corners(of: "PanopticMap", row: int) -> tuple[float, float, float, float]:
    rows, columns = np.nonzero(of.rows == row + 1)
    if not len(rows):
        return 0.0, 0.0, 0.0, 0.0
    return float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1)
