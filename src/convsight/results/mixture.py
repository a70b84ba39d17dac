"""`Mixture`: how likely every value of some numbers is, each as a mixture of normal distributions."""

import math
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.results.result import InvalidOutputError

Floats = NDArray[np.floating[Any]]
Doubles = NDArray[np.float64]

LEVEL = 0.9  # of the interval that a number is told with: of so many numbers the truth shall lie inside

_TAIL = 6.0  # deviations from the outermost component, beyond which there is nothing
_GRID, _ROUNDS = 65, 4  # places looked at at once, and how often closer: the width of all, divided by 64^4


@final
@dataclass(frozen=True, eq=False)
class Mixture:
    """Normal distributions of `means` and `deviations`, in shares of `weights`: three arrays (numbers, components).

    With one component a number is normally distributed. Raises `InvalidOutputError` where weights do not add up to 1,
    a deviation is not positive, or anything is not finite.

    >>> left_or_right = Mixture(np.array([[0.5, 0.5]]), np.array([[-1.0, 1.0]]), np.array([[0.1, 0.1]]))
    >>> left_or_right.mean.tolist(), [round(float(end[0]), 3) for end in left_or_right.interval()]
    ([0.0], [-1.128, 1.128])
    """

    weights: Floats
    means: Floats
    deviations: Floats

    def __post_init__(self) -> None:
        if self.weights.ndim != 2 or not self.weights.shape == self.means.shape == self.deviations.shape:
            shapes = [part.shape for part in (self.weights, self.means, self.deviations)]
            raise ValueError(f"a mixture is three arrays of one shape (numbers, components), not {shapes}")
        finite = bool(np.isfinite(self.means).all() and np.isfinite(self.deviations).all())
        if not finite or float(self.deviations.min()) <= 0:
            raise InvalidOutputError("means of a distribution must be finite, deviations positive and finite")
        # NaN fails both comparisons.
        if not (float(self.weights.min()) >= 0 and float(np.abs(self.weights.sum(axis=1) - 1).max()) < 1e-3):
            raise InvalidOutputError(f"weights of a mixture must be at least 0 and sum to 1, not {self.weights}")

    @property
    def components(self) -> int:
        """Normal distributions of a number."""
        return int(self.means.shape[1])

    @property
    def mean(self) -> Doubles:
        """The mean of each number: (numbers,)."""
        found: Doubles = (self.weights * self.means).sum(axis=1, dtype=np.float64)
        return found

    def interval(self, level: float = LEVEL) -> tuple[Doubles, Doubles]:
        """Low and high of each number, beyond which `(1 - level) / 2` lies on either side; they include the mean."""
        tail, mean = (1 - level) / 2, self.mean
        low, high = (np.array([self._quantile(row, share) for row in range(len(mean))]) for share in (tail, 1 - tail))
        return np.minimum(low, mean), np.maximum(high, mean)

    def log_density(self, values: Floats) -> Floats:
        """The natural logarithm of the density of each number at `values` (numbers,)."""
        scaled = (values[:, None] - self.means) / self.deviations
        with np.errstate(divide="ignore"):
            parts = np.log(self.weights) - 0.5 * scaled**2 - np.log(self.deviations * math.sqrt(2 * math.pi))
        largest = parts.max(axis=1)
        found: Floats = largest + np.log(np.exp(parts - largest[:, None]).sum(axis=1))
        return found

    def stretched(self, factors: Floats) -> "Mixture":
        """The same, each number `factors` (numbers,) times as wide around its mean."""
        middle, times = self.mean[:, None], factors[:, None]
        return Mixture(self.weights, middle + (self.means - middle) * times, self.deviations * times)

    def _quantile(self, row: int, share: float) -> float:
        """The value under which a number lies with the probability `share`, found on grids that grow finer."""
        weights, means, deviations = (part[row].astype(np.float64) for part in self._parts)
        low, high = float((means - _TAIL * deviations).min()), float((means + _TAIL * deviations).max())
        for _ in range(_ROUNDS):
            grid = np.linspace(low, high, _GRID)
            below = normal_share((grid[:, None] - means) / deviations) @ weights
            cell = min(max(int(np.searchsorted(below, share)), 1), _GRID - 1)
            low, high = float(grid[cell - 1]), float(grid[cell])
        return (low + high) / 2

    @property
    def _parts(self) -> tuple[Floats, Floats, Floats]:
        return self.weights, self.means, self.deviations


def normal_share(deviations: Floats) -> Floats:
    """The share of a normal distribution that lies under its mean plus so many `deviations`, to 8e-8.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 1964, 26.2.17.

    >>> normal_share(np.array([-1.644854, 0.0, 1.644854])).round(6).tolist()
    [0.05, 0.5, 0.95]
    """
    far = np.abs(deviations)
    t = 1 / (1 + 0.2316419 * far)
    series = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    above = np.exp(-0.5 * far**2) / math.sqrt(2 * math.pi) * series
    found: Floats = np.where(deviations > 0, 1 - above, above)
    return found
