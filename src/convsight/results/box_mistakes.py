"""What is wrong about boxes: each wrong box, and each missed thing, is of one kind.

Source: Bolya et al., TIDE: A General Toolbox for Identifying Object Detection Errors, 2020, section 2.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from convsight.results.mistakes import Mistake
from convsight.results.overlaps import iou

if TYPE_CHECKING:
    from convsight.results.boxes import Boxes

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

_NEAR = 0.1  # the overlap below which a box shows background
_RIGHT = 0.5  # the overlap from which it is in the right place
NOTHING = "nothing"


def box_mistakes(prediction: "Boxes", target: "Boxes") -> list[Mistake]:
    """What is wrong about the boxes of `prediction` that are sure enough, and what they miss; the worst first.

    The kinds are `class` (in the right place of a thing of another class), `place` (of the right class, overlap 0.1 to
    0.5), `both` (of another class there), `duplicate` (a surer box found the thing), `background` (where there is
    nothing) and `missed` (no box found it, nor one that is wrong in class or place alone). Severity is the score of a
    wrong box; a missed thing has 1 less the best score of a box, sure or not, in its place.
    """
    found = prediction.found
    needed = target.select(~(target.crowd | target.difficult))
    pairs = iou(found.xyxy[:, None], needed.xyxy[None])
    same = found.labels[:, None] == needed.labels[None]
    partner = _partners(pairs * same)
    ignored = _ignored(found, target, partner)
    mistakes = []
    missed = np.ones(len(needed), np.bool_)
    missed[partner[partner >= 0]] = False
    for row, box in enumerate(found.each()):
        if partner[row] >= 0 or ignored[row]:
            continue
        kind, thing = _kind(pairs[row] * same[row], pairs[row] * ~same[row])
        if kind in ("class", "place"):
            missed[thing] = False
        true = NOTHING if thing < 0 else needed.classes[needed.labels[thing]]
        mistakes.append(Mistake(kind, true, box.name, box.score, box.xyxy))
    for thing in np.flatnonzero(missed).tolist():
        left, top, right, bottom = needed.xyxy[thing].tolist()
        unsure = 1 - _best_score(prediction, needed, thing)
        name = needed.classes[needed.labels[thing]]
        mistakes.append(Mistake("missed", name, NOTHING, unsure, (left, top, right, bottom)))
    return sorted(mistakes, key=lambda mistake: -mistake.severity)


def _partners(alike: Floats) -> Indices:
    """For each box, surest first, the thing it found, -1 for none: the best of those that are left."""
    partner = np.full(len(alike), -1, np.int64)
    left = alike.copy()
    for row in range(len(left) if left.size else 0):
        best = _last_best(left[row])
        if left[row, best] >= _RIGHT:
            partner[row] = best
            left[:, best] = 0
    return partner


def _last_best(overlaps: Floats) -> int:
    """Where the largest overlap is; of equal ones the last, as the metrics have it."""
    return len(overlaps) - 1 - int(overlaps[::-1].argmax())


def _kind(own: Floats, other: Floats) -> tuple[str, int]:
    """What is wrong about a box with these overlaps with things of its class and of others, and the thing, or -1."""
    best, best_other = own.max(initial=0.0), other.max(initial=0.0)
    if _NEAR <= best < _RIGHT:
        return "place", _last_best(own)
    if best_other >= _RIGHT:
        return "class", _last_best(other)
    if best >= _RIGHT:
        return "duplicate", _last_best(own)
    return ("both", _last_best(other)) if best_other >= _NEAR else ("background", -1)


def _ignored(found: "Boxes", target: "Boxes", partner: Indices) -> NDArray[np.bool_]:
    """Which boxes without a partner show a crowd, or a difficult thing that no surer one showed: neither is needed."""
    spare = target.select(target.crowd | target.difficult)
    alike = iou(found.xyxy[:, None], spare.xyxy[None], spare.crowd[None])
    alike *= found.labels[:, None] == spare.labels[None]
    ignored = np.zeros(len(found), np.bool_)
    for row in np.flatnonzero(partner < 0).tolist() if len(spare) else []:
        best = _last_best(alike[row])
        ignored[row] = alike[row, best] >= _RIGHT
        if ignored[row] and not spare.crowd[best]:
            alike[:, best] = 0
    return ignored


def _best_score(prediction: "Boxes", needed: "Boxes", thing: int) -> float:
    """The score of the surest box of the class of `thing` in its place, whether it counts as found or not."""
    there = iou(prediction.xyxy, needed.xyxy[thing : thing + 1]) >= _RIGHT
    scores = prediction.scores[there & (prediction.labels == needed.labels[thing])]
    return float(scores.max(initial=0.0))
