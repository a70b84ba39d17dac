"""95 % intervals: of resamples, of shares, and of means of shares. `benchmarks/coverage.py` tells what each holds.

Where no honest interval can be given, low and high are the value itself.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.metrics.measured import Measured

Floats = NDArray[np.floating[Any]]
# The value, what resamples gave (NaN left out), and the number of images.
Interval = Callable[[float, Floats, int], Measured]

_NORMAL_975 = 1.959964  # quantile of the normal distribution
_PERCENTILES = (2.5, 97.5)
FEWEST_OF_A_CLASS = 5  # images; with fewer, resamples do not tell how much the mean over classes varies


def percentiles(value: float, draws: Floats, images: int) -> Measured:
    """The percentiles of the resamples, widened to the value.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
    """
    low, high = np.percentile(draws, _PERCENTILES)
    return Measured(value, min(float(low), value), max(float(high), value))


def by_logits(value: float, draws: Floats, images: int) -> Measured:
    """A share with its standard error, symmetric on the scale of log odds, which ends where shares do.

    None where the share is 0 or 1. Source: Pepe, The Statistical Evaluation of Medical Tests, 2003, section 5.2.4,
    for AUC; the standard error is that of the resamples.
    """
    return _by_logits(value, value, draws, images)


def by_unbiased_logits(value: float, draws: Floats, images: int, times: float = 1.0) -> Measured:
    """As `by_logits`, around the value less `times` the bias that resamples show: of what is no mean over images.

    Mean F1 is nearly as far above the truth as resamples are above it. Average precision is twice as far or more, since
    it follows the best precision from a recall on, and resamples, which hold images twice, have fewer to choose among.
    """
    edge = 0.5 / images
    return _by_logits(value, min(max(value - times * (float(draws.mean()) - value), edge), 1 - edge), draws, images)


def share_interval(right: Floats, images: Floats) -> tuple[Floats, Floats]:
    """Low and high of the shares of `right` among `images`, element by element.

    Agresti and Coull, "Approximate is better than 'exact'", 1998; where all or none are right, Wilson's, "Probable
    inference", 1927, which is narrower there and holds as much.

    >>> low, high = share_interval(np.array([90.0, 100.0]), np.array([100.0, 100.0]))
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.824, 0.963], [0.947, 1.0])
    """
    more = images + _NORMAL_975**2
    middle = (right + _NORMAL_975**2 / 2) / more
    half = _NORMAL_975 * np.sqrt(middle * (1 - middle) / more)
    bound = _NORMAL_975**2 / more
    low = np.where(right == images, 1 - bound, np.where(right == 0, 0.0, middle - half))
    high = np.where(right == 0, bound, np.where(right == images, 1.0, middle + half))
    return np.maximum(low, 0.0), np.minimum(high, 1.0)


def of_share(value: float, images: int) -> Measured:
    """A share of so many images with its interval, see `share_interval`.

    >>> str(of_share(0.9, 100))
    '0.9000 [0.8239, 0.9465]'
    """
    low, high = share_interval(np.array(value * images).round(), np.array(float(images)))
    return Measured(value, min(float(low), value), max(float(high), value))


def of_mean_share(right: Floats, images: Floats) -> Measured:
    """The mean of independent shares, `right` among `images` (shares,): their deviations add up as squares.

    Source: Zou and Donner, "Construction of confidence limits about effect measures", 2008.
    """
    low, high = share_interval(right, images)
    shares = right / images
    down, up = (math.sqrt(float(((end - shares) ** 2).sum())) / len(shares) for end in (low, high))
    value = float(shares.mean())
    return Measured(value, max(0.0, value - down), min(1.0, value + up))


def wider(one: Measured, other: Measured) -> Measured:
    """The value of `one`, with whatever either interval holds."""
    return Measured(one.value, min(one.low, other.low), max(one.high, other.high))


def student_975(freedom: int) -> float:
    """The 0.975 quantile of Student's t with so many degrees of freedom, 2 or more, to a hundredth.

    Source: Abramowitz and Stegun, 1964, 26.7.5; exact for 2.

    >>> [round(student_975(freedom), 2) for freedom in (2, 3, 10, 1000)]
    [4.3, 3.18, 2.23, 1.96]
    """
    if freedom == 2:
        return 4.302653
    z = _NORMAL_975
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum((term / float(freedom) ** power for power, term in enumerate(terms, start=1)), 0.0)


def _by_logits(value: float, middle: float, draws: Floats, images: int) -> Measured:
    if not (0 < value < 1 and images > 2 and len(draws) > 1):
        return Measured(value, value, value)
    error = float(draws.std(ddof=1)) * math.sqrt(images / (images - 1))
    reach = min(student_975(images - 1) * error / (middle * (1 - middle)), 700.0)
    odds = math.log(middle / (1 - middle))
    low, high = (1 / (1 + math.exp(-end)) if end > -700 else 0.0 for end in (odds - reach, odds + reach))
    return Measured(value, min(low, value), max(high, value))
