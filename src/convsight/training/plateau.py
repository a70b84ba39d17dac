"""`Plateau`: a learning rate that falls where epochs get no better; the one schedule that looks at results."""

import math
from dataclasses import dataclass
from typing import Any, Self

from convsight.settings import TrainSettings


@dataclass
class Plateau:
    """Multiplies `share`, that of the peak rate, by `factor` after `epochs` in a row without a better one.

    It falls no further than `least`. PyTorch's `ReduceLROnPlateau` with `patience` one less and no threshold.

    >>> plateau = Plateau(epochs=2, factor=0.5, least=0.0)
    >>> [plateau.take(value) for value in (0.8, 0.7, 0.8, 0.9)], plateau.share
    ([False, False, True, False], 0.5)
    """

    epochs: int
    factor: float
    least: float
    share: float = 1.0
    best: float | None = None
    waited: int = 0

    @classmethod
    def of(cls, settings: TrainSettings) -> Self | None:
        """The one that the settings describe; None where their schedule looks at no results."""
        if settings.schedule != "plateau":
            return None
        return cls(settings.plateau_epochs or 5, settings.plateau_factor or 0.1, settings.end_factor or 0.0)

    def take(self, value: float) -> bool:
        """An epoch ended with `value`, of which more is better; returns whether the rate fell."""
        if math.isfinite(value) and (self.best is None or value > self.best):
            self.best, self.waited = value, 0
            return False
        self.waited += 1
        if self.waited < self.epochs:
            return False
        before, self.waited = self.share, 0
        self.share = max(self.least, self.share * self.factor)
        return self.share < before

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"share": self.share, "best": self.best, "waited": self.waited}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        self.share, self.best, self.waited = state["share"], state["best"], state["waited"]
