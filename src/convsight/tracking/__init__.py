"""Following things through a video, and judging how well that was done."""

from convsight.tracking.clear import Clear
from convsight.tracking.hota import Hota
from convsight.tracking.identity import Identity
from convsight.tracking.judge import Judged, judge
from convsight.tracking.mot import MotTable, mot_lines, read_mot
from convsight.tracking.tracker import Tracker
from convsight.tracking.tracks import Track, Tracked

__all__ = [
    "Clear",
    "Hota",
    "Identity",
    "Judged",
    "MotTable",
    "Track",
    "Tracked",
    "Tracker",
    "judge",
    "mot_lines",
    "read_mot",
]
