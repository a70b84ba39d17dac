"""`EpochState`: where an epoch stands, between two of its batches."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from torch import Tensor

from convsight.training.waiting import Waiting


@dataclass
class EpochState:
    """What one pass over the training examples adds up to, and how far it is.

    With the weights, the optimizers' states and the gradients that wait, this is all that the rest of the epoch depends
    on. `batches` of it were learnt: that is the number of the next one, counted from 0.

    >>> state = EpochState.restored({"batches": 2, "seen": 8, "totals": {"total": 4.0}, "seconds": 1.5})
    >>> kept = state.state()
    >>> state.loss, kept["batches"], kept["seen"], kept["seconds"] >= 1.5
    (0.5, 2, 8, True)
    """

    batches: int = 0
    seen: int = 0  # examples
    totals: dict[str, float] = field(default_factory=dict)  # of each loss, over the examples seen
    earlier: float = 0.0  # the seconds that calls before this one spent on it
    began: float = field(default_factory=time.monotonic)  # when this call began or went on with it
    waiting: Waiting = field(default_factory=Waiting)

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Self:
        """What `state` told, gone on with from now."""
        waiting = Waiting(state.get("waited", 0.0))
        return cls(state["batches"], state["seen"], dict(state["totals"]), state["seconds"], waiting=waiting)

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {
            "batches": self.batches,
            "seen": self.seen,
            "totals": dict(self.totals),
            "seconds": self.seconds,
            "waited": self.waiting.seconds,
        }

    def take(self, losses: Mapping[str, Tensor], examples: int) -> None:
        """Take in what the step on a batch of so many examples tells."""
        self.batches += 1
        self.seen += examples
        for name, loss in losses.items():
            self.totals[name] = self.totals.get(name, 0.0) + float(loss.detach()) * examples

    @property
    def seconds(self) -> float:
        """Seconds spent on it so far, by all calls."""
        return self.earlier + time.monotonic() - self.began

    @property
    def losses(self) -> dict[str, float]:
        """The mean of each loss an example."""
        return {name: total / self.seen for name, total in self.totals.items()}

    @property
    def loss(self) -> float:
        """The mean of their total."""
        return self.totals["total"] / self.seen

    @property
    def images_per_s(self) -> float:
        """Training examples a second, without validation."""
        return self.seen / self.seconds

    @property
    def waited_share(self) -> float:
        """The share of its time that steps waited for their batches."""
        return self.waiting.seconds / self.seconds
