"""`VideoSimilarity`: truth and tracks of a video frame by frame, ready to be compared."""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.results.overlaps import overlaps
from convsight.tracking.mot import MotTable

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

TINY = float(np.finfo(np.float64).eps)  # what rounding may take from an overlap that is just enough
_SAME_PLACE = 0.5  # overlap from which a box is taken for one that nobody need find


class FrameSimilarity(NamedTuple):
    """One frame: which truths and tracks are on it, by index, and how much their boxes overlap.

    Shapes: `truths` (n,), `found` (m,), `similarity` (n, m), intersection over union, 0 for boxes of two classes.
    """

    truths: Indices
    found: Indices
    similarity: Floats


class VideoSimilarity(NamedTuple):
    """All frames that show anything, the number of things that are true, and of tracks."""

    frames: list[FrameSimilarity]
    truths: int
    tracks: int

    def counts(self) -> tuple[Indices, Indices]:
        """On how many frames each truth is, and each track."""
        truths, found = np.zeros(self.truths, np.int64), np.zeros(self.tracks, np.int64)
        for frame in self.frames:
            truths[frame.truths] += 1
            found[frame.found] += 1
        return truths, found


def video_similarity(truth: MotTable, found: MotTable, judged: Collection[int] | None = None) -> VideoSimilarity:
    """The frames of both, or those `judged` alone (frame numbers).

    A box and a truth of two classes never overlap, where both classes are known. A true box with the score 0 need not
    be found, and a box that finds it is left out, whatever the classes: where the best partners at an overlap of 0.5,
    among all true boxes, pair it with such a box.

    >>> truth = MotTable.of_rows([(1, 1, 0, 0, 10, 10), (2, 1, 0, 0, 10, 10)])
    >>> video = video_similarity(truth, MotTable.of_rows([(1, 8, 0, 0, 10, 5)]))
    >>> video.truths, video.tracks, video.frames[0].similarity.tolist(), video.frames[1].similarity.shape
    (1, 1, [[0.5]], (1, 0))
    """
    numbers = np.union1d(truth.frames, found.frames)
    if judged is not None:
        numbers = np.intersect1d(numbers, np.fromiter(judged, np.int64))
    pairs = [_frame(_on(truth, number), _on(found, number)) for number in numbers.tolist()]
    # Only now is it known whose boxes are left.
    truth_ids = np.unique(np.concatenate([frame.truths for frame in pairs] or [np.zeros(0, np.int64)]))
    found_ids = np.unique(np.concatenate([frame.found for frame in pairs] or [np.zeros(0, np.int64)]))
    frames = [
        FrameSimilarity(
            np.searchsorted(truth_ids, frame.truths), np.searchsorted(found_ids, frame.found), frame.similarity
        )
        for frame in pairs
    ]
    return VideoSimilarity(frames, len(truth_ids), len(found_ids))


def assigned(worth: Floats) -> tuple[Indices, Indices]:
    """Rows and columns of `worth` (n, m), each taken once, whose sum is the largest there is."""
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 -- its import takes a while

    rows, columns = linear_sum_assignment(worth, maximize=True)
    return np.asarray(rows, np.int64), np.asarray(columns, np.int64)


def _on(table: MotTable, number: int) -> MotTable:
    start, end = np.searchsorted(table.frames, (number, number + 1)).tolist()
    return table.select(slice(start, end))


def _frame(truth: MotTable, found: MotTable) -> FrameSimilarity:
    similarity = overlaps(truth.xyxy, found.xyxy)
    known = (truth.classes[:, None] > 0) & (found.classes[None] > 0)
    needed = truth.scores > 0
    # What need not be found is mostly of another class, such as MOTChallenge's static persons and reflections: to take
    # one of them for a pedestrian is just the mistake that is excused.
    similarity[needed[:, None] & known & (truth.classes[:, None] != found.classes[None])] = 0
    left = np.ones(len(found), np.bool_)
    if not needed.all():
        rows, columns = assigned(np.where(similarity >= _SAME_PLACE - TINY, similarity, 0))
        pairs = (similarity[rows, columns] >= _SAME_PLACE - TINY) & ~needed[rows]
        left[columns[pairs]] = False
    return FrameSimilarity(truth.ids[needed], found.ids[left], similarity[needed][:, left])
