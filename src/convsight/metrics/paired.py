"""Whether one of two networks is better by more than chance, on the same images."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

from convsight.metrics.bootstrap import Measure, resampled, resamples_for
from convsight.metrics.measured import Measured
from convsight.metrics.metric import Metric
from convsight.words import counted

FIRST, SECOND = "{first}", "{second}"  # in words, which whoever knows the names of both replaces


class Comparison(NamedTuple):
    """How much better the first of two is in `metric` (below 0: worse), with a 95 % interval.

    `p` is how likely a difference as large, either way, would be if none was better; `test` says by which test, and
    `words` what it rests on, with `FIRST` and `SECOND` for the names of both.
    """

    metric: str
    difference: Measured
    p: float
    test: str
    words: str

    @property
    def differs(self) -> bool:
        """Whether chance alone would do so in under one of twenty."""
        return self.p < 0.05


def mcnemar(metric: str, first: NDArray[np.bool_], second: NDArray[np.bool_]) -> Comparison:
    """McNemar's test, exact: which of the same images (images,) each of two gets right.

    McNemar, Note on the sampling error of the difference between correlated proportions, 1947. Only images that one of
    both gets right count. The interval is that of the mean of paired differences, by the normal distribution.

    >>> first, second = np.arange(100) < 95, np.arange(100) < 85
    >>> found = mcnemar("accuracy", first, second)
    >>> round(found.difference.value, 3), round(found.p, 4), found.differs
    (0.1, 0.002, True)
    """
    only_first, only_second = int((first & ~second).sum()), int((~first & second).sum())
    images, apart = len(first), only_first + only_second
    value = (only_first - only_second) / images
    spread = np.sqrt(max(0.0, apart / images - value**2) / images)
    reach = 1.959964 * float(spread)
    p = min(1.0, 2 * float(bdtr(min(only_first, only_second), apart, 0.5)))
    words = f"{counted(only_first, 'image')} only {FIRST} gets right, {only_second:,} only {SECOND}"
    return Comparison(metric, Measured(value, value - reach, value + reach), p, "McNemar's test, exact", words)


def paired_bootstrap(
    metric: Metric, first: Measure, second: Measure, images: int, passes: int, seed: int = 0
) -> Comparison:
    """The difference of `metric` over resamples of the same images for both.

    Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapters 13 and 16: the interval is of percentiles, p
    twice the share of resamples on the other side of 0, at least one of them. `passes` is how often a measure goes over
    all images. Better is positive, whichever way the metric counts. Resamples in which one is undefined do not count.
    """
    ones = np.ones((1, images))
    value = float((_signed(metric, first, ones) - _signed(metric, second, ones))[0])
    resamples = resamples_for(images, 2 * passes)
    draws = [
        _signed(metric, first, each) - _signed(metric, second, each) for each in resampled(images, resamples, seed)
    ]
    drawn = np.concatenate(draws)
    drawn = drawn[~np.isnan(drawn)]
    if not len(drawn) or np.isnan(value):
        return Comparison(
            metric.name, Measured(value, value, value), 1.0, "no test", f"{metric.name} is undefined here"
        )
    low, high = np.percentile(drawn, [2.5, 97.5]).tolist()
    tail = min(np.count_nonzero(drawn <= 0), np.count_nonzero(drawn >= 0))
    p = min(1.0, 2 * (tail + 1) / (len(drawn) + 1))
    words = f"{len(drawn):,} resamples of {counted(images, 'image')}"
    return Comparison(metric.name, Measured(value, low, high), p, "paired bootstrap", words)


def _signed(metric: Metric, measure: Measure, weights: NDArray[np.floating]) -> NDArray[np.float64]:
    values = np.asarray(measure(weights)[metric.name], np.float64)
    return values if metric.better == "higher" else -values
