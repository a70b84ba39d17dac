"""CLEAR MOT: MOTA, MOTP, switches and fragmentations.

Bernardin and Stiefelhagen, Evaluating Multiple Object Tracking Performance: The CLEAR MOT Metrics, 2008.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.tracking.video_similarity import TINY, FrameSimilarity, VideoSimilarity, assigned

Indices = NDArray[np.int64]

_MIN_OVERLAP = 0.5  # overlap from which boxes may be partners


class Clear(NamedTuple):
    """What goes wrong frame by frame.

    - `mota`: 1 - (missed + false + switches) / true boxes; below 0 where more goes wrong than is there;
    - `motp`: mean overlap (intersection over union) of partners, so that more is better; 0 where there are none;
    - `switches`: how often a truth has another partner than the last one it had;
    - `fragmentations`: how often a truth has a partner again after a frame without, be it that it was not there itself.
    """

    mota: float
    motp: float
    missed: int
    false: int
    switches: int
    fragmentations: int


def clear(video: VideoSimilarity) -> Clear:
    """The CLEAR numbers at an overlap of 0.5.

    Partners of the frame before stay partners while they overlap enough; the rest is paired for the largest overlap.
    A frame on which nothing was found ends a correspondence as any frame without a partner does, as in the paper
    (TrackEval passes over it, and then counts no fragmentation).

    >>> from convsight.tracking.mot import MotTable
    >>> from convsight.tracking.video_similarity import video_similarity
    >>> truth = MotTable.of_rows([(frame, 1, 0, 0, 10, 10) for frame in (1, 2, 3, 4)])
    >>> halves = MotTable.of_rows([(frame, 1 + (frame > 2), 0, 0, 10, 10) for frame in (1, 2, 3, 4)])
    >>> clear(video_similarity(truth, halves))
    Clear(mota=0.75, motp=1.0, missed=0, false=0, switches=1, fragmentations=0)
    """
    last = np.full(video.truths, -1)  # the partner that each truth had last
    before = last.copy()  # the one it had on the frame before
    matched = switches = fragmentations = 0
    overlap = 0.0
    for frame in video.frames:
        rows, columns = _partners(frame, before)
        truths, found = frame.truths[rows], frame.found[columns]
        known = last[truths] >= 0
        switches += int((known & (last[truths] != found)).sum())
        fragmentations += int((known & (before[truths] < 0)).sum())
        matched += len(rows)
        overlap += float(frame.similarity[rows, columns].sum())
        last[truths] = found
        before[:] = -1
        before[truths] = found
    true, told = (int(counts.sum()) for counts in video.counts())
    missed, false = true - matched, told - matched
    mota = 1 - (missed + false + switches) / max(1, true)
    return Clear(mota, overlap / max(1, matched), missed, false, switches, fragmentations)


def _partners(frame: FrameSimilarity, before: Indices) -> tuple[Indices, Indices]:
    near = frame.similarity >= _MIN_OVERLAP - TINY
    # Worth more than all overlaps of the frame together, so that none is given up for a better one.
    faithful = (frame.found[None] == before[frame.truths][:, None]) * (1.0 + min(frame.similarity.shape))
    rows, columns = assigned(np.where(near, frame.similarity + faithful, 0))
    kept = near[rows, columns]
    return rows[kept], columns[kept]
