"""IDF1: how long each thing is followed under one number.

Ristani et al., Performance Measures and a Data Set for Multi-Target, Multi-Camera Tracking, 2016.
"""

from typing import NamedTuple

import numpy as np

from convsight.tracking.video_similarity import VideoSimilarity, assigned

_MIN_OVERLAP = 0.5  # overlap from which a track is with a truth


class Identity(NamedTuple):
    """Shares of boxes that lie in the right track, 0..1, where each truth has one track for the whole video.

    `idp` of those found, `idr` of those that are true, `idf1` their harmonic mean.
    """

    idf1: float
    idp: float
    idr: float


def identity(video: VideoSimilarity) -> Identity:
    """IDF1 and its parts, for the one-to-one choice of truths and tracks that makes it largest.

    >>> from convsight.tracking.mot import MotTable
    >>> from convsight.tracking.video_similarity import video_similarity
    >>> truth = MotTable.of_rows([(frame, 1, 0, 0, 10, 10) for frame in (1, 2, 3, 4)])
    >>> halves = MotTable.of_rows([(frame, 1 + (frame > 3), 0, 0, 10, 10) for frame in (1, 2, 3, 4)])
    >>> identity(video_similarity(truth, halves))
    Identity(idf1=0.75, idp=0.75, idr=0.75)
    """
    together = np.zeros((video.truths, video.tracks))
    for truths, found, similarity in video.frames:
        together[np.ix_(truths, found)] += similarity >= _MIN_OVERLAP
    rows, columns = assigned(together)
    right = float(together[rows, columns].sum())
    true, told = (int(counts.sum()) for counts in video.counts())
    return Identity(2 * right / max(1, true + told), right / max(1, told), right / max(1, true))
