"""`Tracker`: boxes of one frame after the other to tracks, by ByteTrack as the package `trackers` has it.

Zhang et al., ByteTrack: Multi-Object Tracking by Associating Every Detection Box, 2022.
"""

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.extras import extra
from convsight.results import Boxes
from convsight.tracking.tracks import Tracked

Indices = NDArray[np.int64]

_LOW = 0.1  # the paper's: boxes from this score on may go on with a track, though they begin none
_BUFFER = 30  # frames at 30 a second that a lost thing is waited for: one second, as in the paper


@final
class Tracker:
    """Follows things from frame to frame.

    A box that counts as found (`Boxes.thresholds`) begins a track, which is reported from its second frame on. Less
    sure boxes, from 0.1 on (or half of what counts as found, where that is less), only go on with one that is there. A
    track is of one class: things that cross are told apart by it where it differs.
    """

    def __init__(self, rate: float = 30.0) -> None:
        """For `rate` frames a second; raises `UserError` where the package `trackers` is not installed."""
        self._package = extra("trackers", "track")
        self._supervision = extra("supervision", "track")
        self._rate = rate
        self._trackers: dict[int, Any] = {}  # one for each class that was seen
        self._numbers: dict[tuple[int, int], int] = {}  # class and its tracker's number -> ours

    def update(self, frame: int, boxes: Boxes) -> Tracked:
        """The tracks on the next frame, which has the number `frame`, given everything a detector says about it."""
        for label in np.unique(boxes.labels).tolist():
            if label not in self._trackers:
                self._trackers[label] = self._new()
        ids = np.zeros(len(boxes), np.int64)
        for label, tracker in self._trackers.items():
            self._follow(label, tracker, boxes, ids)
        kept = np.flatnonzero(ids)
        kept = kept[np.argsort(ids[kept])]
        return Tracked(frame, boxes.select(kept).with_columns(track=ids[kept]))

    def skip(self) -> None:
        """Let the next frame pass as one on which nothing was seen: what is lost waits a frame longer."""
        for tracker in self._trackers.values():
            tracker.update(self._supervision.Detections.empty())

    def _new(self) -> Any:
        # Scores come as 1 or 0 (see _follow), so both limits lie between them.
        return self._package.ByteTrackTracker(
            lost_track_buffer=_BUFFER,
            frame_rate=self._rate,
            track_activation_threshold=0.5,
            high_conf_det_threshold=0.5,
        )

    def _follow(self, label: int, tracker: Any, boxes: Boxes, ids: Indices) -> None:
        """Give the boxes of one class the numbers of their tracks, in `ids`; those of no track keep 0."""
        low = np.minimum(_LOW, boxes.thresholds / 2)
        rows = np.flatnonzero((boxes.labels == label) & (boxes.scores >= low))
        found = (boxes.scores >= boxes.thresholds)[rows]
        detections = self._supervision.Detections(
            xyxy=boxes.xyxy[rows], confidence=found.astype(np.float64), data={"row": rows}
        )
        tracked = tracker.update(detections)
        if not len(tracked):
            return
        for row, number in zip(tracked.data["row"].tolist(), tracked.tracker_id.tolist(), strict=True):
            if number >= 0:
                ids[row] = self._numbers.setdefault((label, number), len(self._numbers) + 1)
