"""A linear fit that is told its examples one by one and keeps only their sums."""

from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_NOTHING = 1e-10  # a share that is left of sums by rounding alone


class LinearFit:
    """Weighted least squares of a number by `inputs` others, with an intercept; memory is that of (inputs + 2) squared.

    >>> fit = LinearFit(1)
    >>> for x, y in [(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]:
    ...     fit.add(np.array([x]), y)
    >>> fit.coefficients().round(6).tolist(), round(fit.explained(fit.coefficients()), 6)
    ([2.0], 1.0)
    """

    def __init__(self, inputs: int) -> None:
        self._sums = np.zeros((inputs + 2, inputs + 2))  # of products of the inputs, 1 and the number

    def add(self, x: NDArray[np.generic], y: float, weight: float = 1.0) -> None:
        """One more example: its inputs (inputs,), its number, and how much it counts."""
        row = np.concatenate([x.astype(np.float64), [1.0, y]])
        self._sums += weight * np.outer(row, row)

    def __add__(self, other: Self) -> "LinearFit":
        """The fit of the examples of both."""
        both = LinearFit(len(self._sums) - 2)
        both._sums = self._sums + other._sums
        return both

    def coefficients(self, ridge: float = 0.0) -> Floats:
        """The coefficient (inputs,) of each input, of which `ridge` times the squares is added to the squared errors.

        Where examples do not tell coefficients apart, the smallest that fit.
        """
        products, with_number, _ = self._centred()
        found = np.linalg.lstsq(products + ridge * np.eye(len(products)), with_number, rcond=_NOTHING)[0]
        return np.asarray(found, np.float64)

    def explained(self, coefficients: Floats) -> float:
        """The share of the number's variance (R²) that such coefficients explain, with the best intercept.

        1 is all of it; below 0 they are worse than the mean. Where the number does not vary, 0.
        """
        products, with_number, variance = self._centred()
        if variance <= _NOTHING * self._sums[-1, -1]:
            return 0.0
        missed = variance - 2 * coefficients @ with_number + coefficients @ products @ coefficients
        return float(1 - missed / variance)

    def _centred(self) -> tuple[Floats, Floats, float]:
        """Sums of products of what differs from the means: inputs by inputs, inputs by number, number by number."""
        sums, ones = self._sums, -2
        total = sums[ones, ones] or 1.0
        centred = sums - np.outer(sums[:, ones], sums[ones]) / total
        return centred[:ones, :ones], centred[:ones, -1], float(centred[-1, -1])
