"""HOTA: how well things are found, kept apart and located, in one number.

Luiten et al., HOTA: A Higher Order Metric for Evaluating Multi-Object Tracking, IJCV 2021. Partners are chosen as in
the authors' own program, once for all thresholds, so that the numbers equal those that are published.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.tracking.video_similarity import TINY, VideoSimilarity, assigned

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


def hota(video: VideoSimilarity) -> Hota:
    """HOTA and its parts; all but LocA are 0 where nothing is true, or nothing was found.

    >>> from convsight.tracking.mot import MotTable
    >>> from convsight.tracking.video_similarity import video_similarity
    >>> truth = MotTable.of_rows([(frame, 1, 0, 0, 10, 10) for frame in (1, 2, 3, 4)])
    >>> halves = MotTable.of_rows([(frame, 1 + (frame > 2), 0, 0, 10, 10) for frame in (1, 2, 3, 4)])
    >>> [round(number, 3) for number in hota(video_similarity(truth, halves))]
    [0.707, 1.0, 0.5, 1.0]
    """
    truths, found, similarity = _partners(video)
    truth_counts, found_counts = video.counts()
    boxes = int(truth_counts.sum() + found_counts.sum())
    rows = []
    for alpha in ALPHAS.tolist():
        kept = similarity >= alpha - TINY
        matched = int(kept.sum())
        # How often each two are partners: each pair of indices as one number.
        pairs, times = np.unique(truths[kept] * video.tracks + found[kept], return_counts=True)
        apart = truth_counts[pairs // max(1, video.tracks)] + found_counts[pairs % max(1, video.tracks)] - times
        deta = matched / max(1, boxes - matched)
        assa = float((times * times / apart).sum()) / max(1, matched)
        loca = float(similarity[kept].sum()) / matched if matched else 1.0
        rows.append(((deta * assa) ** 0.5, deta, assa, loca))
    return Hota(*np.mean(rows, axis=0).tolist())


def _partners(video: VideoSimilarity) -> tuple[Indices, Indices, Floats]:
    """Of all frames the partners: truths, tracks, and their overlap.

    On a frame, partners are chosen for the largest sum of overlap times how well their whole tracks go together.
    """
    together = _together(video)
    parts = []
    for truths, found, similarity in video.frames:
        rows, columns = assigned(together[np.ix_(truths, found)] * similarity)
        parts.append((truths[rows], found[columns], similarity[rows, columns]))
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    truths, found, similarity = (np.concatenate(part) for part in zip(*parts, strict=True))
    return truths, found, similarity


def _together(video: VideoSimilarity) -> Floats:
    """How well each truth and each track go together over all frames: (truths, tracks), 0..1.

    The intersection over union of their frames, a frame counting by the share that this pair has in all overlaps of
    its two boxes.
    """
    shared = np.zeros((video.truths, video.tracks))
    for truths, found, similarity in video.frames:
        either = similarity.sum(axis=1, keepdims=True) + similarity.sum(axis=0, keepdims=True) - similarity
        share = np.divide(similarity, either, out=np.zeros_like(similarity), where=either > TINY)
        shared[np.ix_(truths, found)] += share
    truth_counts, found_counts = video.counts()
    whole: Floats = shared / (truth_counts[:, None] + found_counts[None] - shared)
    return whole
