"""Following things through a video, and judging how well that was done."""

from convsight.tracking.clear_mot import Clear
from convsight.tracking.hota import Hota
from convsight.tracking.identity import Identity
from convsight.tracking.mot import MotTable, mot_lines, read_mot
from convsight.tracking.tracker import Tracker
from convsight.tracking.tracking_metrics import TrackingMetrics, judge
from convsight.tracking.tracks import Track, Tracked

__all__ = [
    "Clear",
    "Hota",
    "Identity",
    "MotTable",
    "Track",
    "Tracked",
    "Tracker",
    "TrackingMetrics",
    "judge",
    "mot_lines",
    "read_mot",
]
