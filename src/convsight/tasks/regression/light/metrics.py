"""How far numbers are from the truth, and how often their intervals hold it."""

from collections.abc import Callable, Mapping
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.metrics import Measured, Metric
from convsight.metrics.bootstrap import bootstrapped, measured, resamples_for
from convsight.metrics.intervals import of_share
from convsight.metrics.paired import Comparison, paired_bootstrap
from convsight.results import Numbers, Result
from convsight.results.mixture import Mixture
from convsight.targets import NumberTargets
from convsight.tasks.reader import Metrics
from convsight.tasks.regression.light.interval_width import WIDTH, width_factor

Floats = NDArray[np.floating[Any]]
Columns = NDArray[np.float64]  # (images, numbers)

_PASSES = 8  # over all images, for the metrics of one number


@final
class NumberMetrics(Metrics):
    """`rmse`, `mae`, `median_error` and `r2` of numbers; `coverage`, `width` and `nll` of their distributions.

    Errors of one number are in its unit. Those of several are in shares of the standard deviation that each has in
    training, since metres and years cannot be added; `rmse/age` is that of one of them, in its unit.

    >>> metrics = NumberMetrics(NumberTargets(names=("age",), units=("years",), mean=(40.0,), std=(10.0,)))
    >>> for true, said in ((30.0, 33.0), (50.0, 46.0)):
    ...     metrics.update(*(Numbers(("age",), ("years",), np.array([each]), np.ones(1)) for each in (true, said)))
    >>> {name: round(found.value, 3) for name, found in metrics.compute(intervals=False).items()}
    {'rmse': 3.536, 'mae': 3.5, 'median_error': 3.5, 'r2': 0.875}
    """

    selection = ("rmse", "mae")
    drawn = ("rmse",)

    def __init__(self, target: NumberTargets, widths: Mapping[str, float] | None = None) -> None:
        self.target = target
        self._widths = np.array([(widths or {}).get(f"{WIDTH}{name}", 1.0) for name in target.names])
        self._true: list[Floats] = []
        self._said: list[Floats] = []
        self._mixtures: list[Mixture] = []

    def described(self) -> dict[str, Metric]:
        target = self.target
        found = {}
        parts = [("", target.scale[0], target.units[0])] if len(target.names) == 1 else [("", 1.0, "std")]
        if len(target.names) > 1:
            parts += [
                (f"/{name}", span, unit)
                for name, span, unit in zip(target.names, target.scale, target.units, strict=True)
            ]
        for suffix, span, unit in parts:
            for name in ("rmse", "mae", "median_error", "width"):
                key = name + suffix
                found[key] = Metric(key, "lower", perfect=0.0, span=span, unit=unit, share=False)
            found[f"r2{suffix}"] = Metric(f"r2{suffix}", share=False)
            found[f"coverage{suffix}"] = Metric(f"coverage{suffix}")
            found[f"nll{suffix}"] = Metric(f"nll{suffix}", "lower", perfect=-np.inf, share=False)
        return found

    def update(self, target: Result, result: Result) -> None:
        if not (isinstance(target, Numbers) and isinstance(result, Numbers)):
            raise TypeError(f"expected Numbers, not {type(target).__name__} and {type(result).__name__}")
        self._true.append(target.values)
        self._said.append(result.values)
        if result.mixture is not None:
            self._mixtures.append(result.mixture.stretched(self._widths))

    def compute(self, intervals: bool = True) -> dict[str, Measured]:
        count, names = len(self._true), self.target.names
        measures = [self._of_all()]
        if len(names) > 1:
            measures += [self._measure(f"/{name}", np.ones(1), slice(n, n + 1)) for n, name in enumerate(names)]

        def measure(weights: Floats) -> dict[str, Floats]:
            return {name: value for each in measures for name, value in each(weights).items()}

        if not intervals:
            return measured(measure, count)
        shares = [f"coverage/{name}" for name in names] if len(names) > 1 else ["coverage"]
        resamples = resamples_for(count, _PASSES * len(measures))
        return bootstrapped(measure, count, resamples, intervals=dict.fromkeys(shares, _as_share))

    def compared(self, other: "NumberMetrics") -> Comparison:
        return paired_bootstrap(self.selected_by[0], self._of_all(), other._of_all(), len(self._true), _PASSES)

    def _of_all(self) -> Callable[[Floats], dict[str, Floats]]:
        """What measures all numbers together: one in its unit, several in standard deviations."""
        return self._measure("", np.array(self.target.scale) if len(self.target.names) > 1 else np.ones(1), slice(None))

    def calibration(self) -> dict[str, float]:
        """How many times as wide the distribution of each number must be: see `interval_width`."""
        if not self._mixtures:
            return {}
        (low, high), true, said = self.intervals(), self.true, self.said
        columns = enumerate(self.target.names)
        return {f"{WIDTH}{name}": width_factor(true[:, n], said[:, n], low[:, n], high[:, n]) for n, name in columns}

    def calibrated(self, calibration: Mapping[str, float]) -> "NumberMetrics":
        found = NumberMetrics(self.target, calibration)
        found._true, found._said = self._true, self._said
        found._mixtures = [mixture.stretched(found._widths) for mixture in self._mixtures]
        return found

    @property
    def true(self) -> Columns:
        """The true numbers: (images, numbers)."""
        return np.array(self._true, np.float64)

    @property
    def said(self) -> Columns:
        """The predicted numbers: (images, numbers)."""
        return np.array(self._said, np.float64)

    def intervals(self) -> tuple[Columns, Columns]:
        """Low and high of the predicted numbers, each (images, numbers); none where there are no distributions."""
        ends = [mixture.interval() for mixture in self._mixtures]
        return np.array([low for low, _ in ends]), np.array([high for _, high in ends])

    def _measure(self, suffix: str, scale: Floats, chosen: slice) -> Callable[[Floats], dict[str, Floats]]:
        """What measures the `chosen` numbers in shares of `scale`; its names end with `suffix`."""
        true, said = self.true[:, chosen], self.said[:, chosen]
        off = np.abs(true - said) / scale
        parts: dict[str, Floats] = {"mae": off.mean(axis=1)}
        if self._mixtures:
            low, high = (end[:, chosen] for end in self.intervals())
            parts["coverage"] = ((true >= low) & (true <= high)).mean(axis=1)
            parts["width"] = ((high - low) / scale).mean(axis=1)
            pairs = zip(self._mixtures, self._true, strict=True)
            logs = np.array([mixture.log_density(values) for mixture, values in pairs])[:, chosen]
            parts["nll"] = -(logs + np.log(scale)).mean(axis=1)
        order, squares = np.argsort(off, axis=0), off**2

        def measure(weights: Floats) -> dict[str, Floats]:
            total = weights.sum(axis=1)
            found = {name: weights @ part / total for name, part in parts.items()}
            found = {"rmse": np.sqrt(weights @ squares.mean(axis=1) / total)} | found
            found["median_error"] = np.mean([_median(off[rows, n], weights[:, rows]) for n, rows in _columns(order)], 0)
            found["r2"] = np.mean([_r2(true[:, n], said[:, n], weights) for n in range(true.shape[1])], axis=0)
            return {f"{name}{suffix}": value for name, value in found.items()}

        return measure


def _columns(order: NDArray[np.int64]) -> list[tuple[int, NDArray[np.int64]]]:
    return list(enumerate(order.T))


def _median(ascending: Floats, weights: Floats) -> Floats:
    """The median of values that ascend, of which each counts `weights` (resamples, values) times."""
    below = weights.cumsum(axis=1)
    half = below[:, -1:] / 2
    lower = np.minimum((below < half).sum(axis=1), len(ascending) - 1)
    upper = np.minimum((below <= half).sum(axis=1), len(ascending) - 1)
    found: Floats = (ascending[lower] + ascending[upper]) / 2
    return found


def _r2(true: Floats, said: Floats, weights: Floats) -> Floats:
    """1 - the mean squared error as a share of the variance, not defined where that is 0."""
    centred = true - true.mean()  # so that squares of large numbers do not hide their differences
    total = weights.sum(axis=1)
    variance = weights @ centred**2 / total - (weights @ centred / total) ** 2
    error = weights @ (true - said) ** 2 / total
    defined = variance > 1e-12 * max(float(centred.var()), np.finfo(np.float64).tiny)
    return np.where(defined, 1 - error / np.where(defined, variance, 1.0), np.nan)


def _as_share(value: float, draws: Floats, images: int) -> Measured:
    return of_share(value, images)
