"""HOTA: how well things are found, kept apart and located, in one number.

Luiten et al., HOTA: A Higher Order Metric for Evaluating Multi-Object Tracking, IJCV 2021. Partners are chosen as in
the authors' own program, once for all thresholds, so that the numbers equal those that are published.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.tracking.scene import TINY, Scene, assigned

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

ALPHAS = np.arange(1, 20) * 0.05  # overlaps from which boxes may be partners


class Hota(NamedTuple):
    """Means over `ALPHAS`, 0..1.

    - `hota`: at each threshold the square root of DetA * AssA;
    - `deta`: detection accuracy, TP / (TP + FN + FP);
    - `assa`: association accuracy, the mean over TP of TPA / (TPA + FNA + FPA): of all boxes of the truth and of the
      track that meet here, the share on which the two meet;
    - `loca`: mean overlap of partners, 1 where there are none.
    """

    hota: float
    deta: float
    assa: float
    loca: float


def hota(scene: Scene) -> Hota:
    """HOTA and its parts; all but LocA are 0 where nothing is true, or nothing was found.

    >>> from convsight.tracking.mot import MotTable
    >>> from convsight.tracking.scene import scene_of
    >>> truth = MotTable.of_rows([(frame, 1, 0, 0, 10, 10) for frame in (1, 2, 3, 4)])
    >>> halves = MotTable.of_rows([(frame, 1 + (frame > 2), 0, 0, 10, 10) for frame in (1, 2, 3, 4)])
    >>> [round(number, 3) for number in hota(scene_of(truth, halves))]
    [0.707, 1.0, 0.5, 1.0]
    """
    truths, found, alike = _partners(scene)
    truth_counts, found_counts = scene.counts()
    boxes = int(truth_counts.sum() + found_counts.sum())
    rows = []
    for alpha in ALPHAS.tolist():
        kept = alike >= alpha - TINY
        matched = int(kept.sum())
        # How often each two are partners: each pair of indices as one number.
        pairs, times = np.unique(truths[kept] * scene.tracks + found[kept], return_counts=True)
        apart = truth_counts[pairs // max(1, scene.tracks)] + found_counts[pairs % max(1, scene.tracks)] - times
        deta = matched / max(1, boxes - matched)
        assa = float((times * times / apart).sum()) / max(1, matched)
        loca = float(alike[kept].sum()) / matched if matched else 1.0
        rows.append(((deta * assa) ** 0.5, deta, assa, loca))
    return Hota(*np.mean(rows, axis=0).tolist())


def _partners(scene: Scene) -> tuple[Indices, Indices, Floats]:
    """Of all frames the partners: truths, tracks, and their overlap.

    On a frame, partners are chosen for the largest sum of overlap times how well their whole tracks go together.
    """
    together = _together(scene)
    parts = []
    for truths, found, alike in scene.frames:
        rows, columns = assigned(together[np.ix_(truths, found)] * alike)
        parts.append((truths[rows], found[columns], alike[rows, columns]))
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    truths, found, alike = (np.concatenate(part) for part in zip(*parts, strict=True))
    return truths, found, alike


def _together(scene: Scene) -> Floats:
    """How well each truth and each track go together over all frames: (truths, tracks), 0..1.

    The intersection over union of their frames, a frame counting by the share that this pair has in all overlaps of
    its two boxes.
    """
    shared = np.zeros((scene.truths, scene.tracks))
    for truths, found, alike in scene.frames:
        either = alike.sum(axis=1, keepdims=True) + alike.sum(axis=0, keepdims=True) - alike
        share = np.divide(alike, either, out=np.zeros_like(alike), where=either > TINY)
        shared[np.ix_(truths, found)] += share
    truth_counts, found_counts = scene.counts()
    whole: Floats = shared / (truth_counts[:, None] + found_counts[None] - shared)
    return whole
