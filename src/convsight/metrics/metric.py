"""`Metric`: what a number that judges means: which way is better, how good it can be, how much of it is a point."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from convsight.metrics.measured import Measured
from convsight.metrics.name import MetricName


@dataclass(frozen=True)
class Metric:
    """What the numbers called `name`, or `name/cat`, are. By default a share of which more is better.

    `perfect` is the best value there is, infinite where there is none. `span` is the metric's own range, of which a
    hundredth is a point: 1 for a share; for an error in metres, the standard deviation of the targets. `unit` is empty
    for plain numbers. A `share` lies in 0..1. Raises ValueError where the span is not a positive number.

    >>> rmse = Metric("rmse", "lower", perfect=0.0, span=12.5, unit="m", share=False)
    >>> rmse.text(3.2), rmse.points(3.2, 4.45), rmse.beats(3.2, 4.45)
    ('3.200 m', 10.0, True)
    """

    name: str
    better: Literal["higher", "lower"] = "higher"
    perfect: float = 1.0
    span: float = 1.0
    unit: str = ""
    share: bool = True

    def __post_init__(self) -> None:
        if not 0 < self.span < math.inf:
            raise ValueError(f"the span of {self.name} must be a positive number, not {self.span}")

    @property
    def words(self) -> str:
        """Its name in a sentence."""
        return self.name.replace("_", " ")

    def key(self, metrics: Mapping[str, Measured]) -> float:
        """A number that is larger where the metric, as `Metrics.compute` gives it, is better."""
        return self.signed(metrics[self.name].value)

    def signed(self, value: float) -> float:
        """`value`, negated where lower is better: of two, the larger is better."""
        return value if self.better == "higher" else -value

    def beats(self, value: float, other: float) -> bool:
        """Whether `value` of the metric is better than `other`."""
        return self.signed(value) > self.signed(other)

    def points(self, before: float, after: float) -> float:
        """How many points (hundredths of the span) are lost from `before` to `after`; below 0 where it got better."""
        return 100 * (self.signed(before) - self.signed(after)) / self.span

    def left(self, value: float) -> float:
        """How far `value` is from perfect."""
        return abs(self.perfect - value)

    def decimals(self, digits: int = 4) -> int:
        """How many decimals show `digits` places after the first of the span: 4 of a share."""
        return max(0, digits - math.floor(math.log10(self.span)))

    def text(self, value: float, digits: int = 4) -> str:
        """`value` in its unit, for people; see `decimals`."""
        number = f"{value:.{self.decimals(digits)}f}"
        return f"{number} {self.unit}" if self.unit else number

    def interval(self, measured: Measured, between: str) -> str:
        """The two ends of an interval, without the unit; empty where they are the same."""
        return measured.interval(between, self.decimals())


Described = Mapping[str, Metric]


def metric_of(described: Described, text: str) -> Metric:
    """The metric that a number called `text` (`test/recall/cat`) is of, one of `described`, which has them by name.

    A part may have an entry of its own, as numbers in units of their own do. What none of them is, as a number on a
    card of another version may be, is taken for a share.

    >>> metric_of({"recall": Metric("recall", unit="%")}, "test/recall/cat").unit
    '%'
    """
    parsed = MetricName.parse(text)
    name = parsed.name if parsed else text
    part = described.get(parsed.computed) if parsed else None
    return part or described.get(name) or Metric(name)
