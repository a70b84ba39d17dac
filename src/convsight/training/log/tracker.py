"""`Tracker`: what writes a training's numbers for another program; everything stays on this machine."""

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from convsight.card import Card
from convsight.metrics import Measured
from convsight.run import Row

FINAL = "final"  # before the names of what the best network reached, apart from the curves of epochs


class Tracker(ABC):
    """Is told a training's rows, all of them each time, and what it reached in the end."""

    @abstractmethod
    def rows(self, rows: Sequence[Row]) -> None:
        """Write those of the `rows` of `metrics.csv` that are not there yet."""

    @abstractmethod
    def finished(self, card: Card, figures: Sequence[Path]) -> None:
        """Write what is on the final `card`, with intervals, and the figures, which are PNG."""

    @abstractmethod
    def close(self) -> None:
        """The training has ended, finished or not."""


def scalars(row: Row) -> Iterator[tuple[str, float]]:
    """The numbers of a row by name, but for its epoch.

    >>> dict(scalars({"epoch": 3, "lr": 0.1, "val/accuracy": math.nan}))
    {'lr': 0.1}
    """
    yield from ((name, float(value)) for name, value in row.items() if name != "epoch" and math.isfinite(value))


def final_scalars(metrics: Mapping[str, Measured]) -> Iterator[tuple[str, float]]:
    """Metrics by name, and the ends of their intervals behind them.

    >>> dict(final_scalars({"test/accuracy": Measured(0.9, 0.8, 0.95)}))
    {'final/test/accuracy': 0.9, 'final/test/accuracy/low': 0.8, 'final/test/accuracy/high': 0.95}
    """
    for name, measured in metrics.items():
        ends = {"": measured.value, "/low": measured.low, "/high": measured.high}
        for end, value in ends.items():
            if math.isfinite(value):
                yield f"{FINAL}/{name}{end}", float(value)


def plain(name: str) -> str:
    """A name of letters, digits, spaces and `/-._`, which every program takes; others by their number.

    >>> plain("test/recall of café?")
    'test/recall of caf_e9__3f_'
    """
    return re.sub(r"[^A-Za-z0-9/\-._ ]", lambda other: f"_{ord(other[0]):x}_", name)
