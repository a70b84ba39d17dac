"""What a metric is: which way is better."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from convsight.metrics.measured import Measured


class Selection(NamedTuple):
    """A metric that chooses between epochs, and which way is better."""

    metric: str
    better: Literal["higher", "lower"]

    def key(self, metrics: Mapping[str, Measured]) -> float:
        """A number that is larger where the metric is better."""
        value = metrics[self.metric].value
        return value if self.better == "higher" else -value

    def beats(self, value: float, other: float) -> bool:
        """Whether `value` of the metric is better than `other`."""
        return value > other if self.better == "higher" else value < other
