"""`Call`: what `train` or `resume` was given beside settings."""

from dataclasses import dataclass

from convsight.datasets import Dataset
from convsight.training.given import Given
from convsight.training.processes.processes import Processes
from convsight.training.recorder import Recorder


@dataclass(frozen=True)
class Call:
    """What `train` or `resume` was given beside settings, and the processes that it was called in."""

    processes: Processes
    listener: Recorder
    held: Dataset | None
    began: float
    given: Given

    def deadline(self, minutes: float | None, spent: float = 0.0) -> float | None:
        """When so many `minutes` are over, of which calls before this one `spent` so many seconds."""
        return None if minutes is None else self.began + 60 * minutes - spent
