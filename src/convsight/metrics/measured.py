"""A number that was measured, with how sure it is."""

from typing import NamedTuple


class Measured(NamedTuple):
    """A metric with its 95 % confidence interval; low and high equal value where none was computed.

    >>> str(Measured(0.935, 0.93, 0.94))
    '0.9350 [0.9300, 0.9400]'
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        interval = self.interval(", ")
        return f"{self.value:.4f} [{interval}]" if interval else f"{self.value:.4f}"

    def interval(self, between: str, decimals: int = 4) -> str:
        """Its two ends in words; empty where they are the same, since that tells nothing of how sure the value is.

        >>> Measured(0.9, 0.85, 0.93).interval(" .. "), Measured(1.0, 1.0, 1.0).interval(" .. ")
        ('0.8500 .. 0.9300', '')
        """
        low, high = f"{self.low:.{decimals}f}", f"{self.high:.{decimals}f}"
        return f"{low}{between}{high}" if low != high else ""

    @property
    def bare(self) -> "Measured":
        """The value alone, without an interval.

        >>> Measured(0.9, 0.85, 0.93).bare
        Measured(value=0.9, low=0.9, high=0.9)
        """
        return Measured(self.value, self.value, self.value)

    def __float__(self) -> float:
        return self.value
