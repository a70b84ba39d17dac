"""The calibration error: how far confidence and accuracy lie apart, without what chance adds, and with an interval.

In a bin of `n` images the distance between the two is the true gap and noise of standard deviation `s`; its size is
that of a folded normal distribution, never below `s * sqrt(2 / pi)` on average. The plain sum of Guo et al., On
Calibration of Modern Neural Networks, 2017, is so twice the truth with 50 images (Kumar et al., Verified Uncertainty
Calibration, 2019; Broecker, Estimating reliability and resolution of probability forecasts, 2012).
"""

import math
from typing import NamedTuple

import numpy as np

from convsight.metrics import Measured
from convsight.metrics.intervals import Floats

_NORMAL_975 = 1.959964
_HALVINGS = 60
_FLOOR = math.sqrt(2 / math.pi)  # the mean size of standard normal noise
_erf = np.vectorize(math.erf, otypes=[np.float64])


class _Bins(NamedTuple):
    """Bins with images: their share of all, the size of their gap, and its standard deviation."""

    share: Floats
    gap: Floats
    deviation: Floats

    @classmethod
    def of(cls, counts: Floats, confidence: Floats, right: Floats) -> "_Bins":
        """From the sums over each bin's images; a share of 0 or 1 of few images still has a deviation (add one)."""
        filled = counts > 0
        n, sure, right = counts[filled], confidence[filled], right[filled]
        share = (right + 1) / (n + 2)
        return cls(n / n.sum(), np.abs(sure - right) / n, np.sqrt(share * (1 - share) / n))

    def folded(self, gap: Floats) -> Floats:
        """The mean size of gaps that truly are `gap`, noise included."""
        return self.deviation * _folded(gap / self.deviation)


def calibration_error(counts: Floats, confidence: Floats, right: Floats) -> Measured:
    """The error from the number of images in each bin, and the sums of their confidence and of the right ones.

    Each true gap is estimated by its squared size less that of the noise, and what noise adds to such gaps is taken
    off the plain error. The interval is wide enough for whatever distribution of gaps over the bins: the mean plain
    error of a true error `e` is at most `e` and the noise of calibrated bins, and at least that of gaps which are all
    the same multiple of their noise.

    >>> counts, sure = np.array([40.0, 60.0]), np.array([24.0, 54.0])
    >>> str(calibration_error(counts, sure, np.array([20.0, 45.0])))
    '0.1219 [0.0000, 0.2150]'
    """
    bins = _Bins.of(counts, confidence, right)
    plain = float(bins.share @ bins.gap)
    true = np.sqrt(np.maximum(bins.gap**2 - bins.deviation**2, 0))
    value = max(0.0, plain - float(bins.share @ (bins.folded(true) - true)))
    reach = _NORMAL_975 * _spread(bins, plain, float(counts.sum()))
    noise = float(bins.share @ bins.deviation)
    low = max(0.0, plain - noise * _FLOOR - reach)
    high = min(1.0, noise * _unfolded((plain + reach) / noise))
    return Measured(value, min(low, value), max(high, value))


def _spread(bins: _Bins, plain: float, images: float) -> float:
    """The standard deviation of the plain error: of the noise in each bin, and of which images there are."""
    noise = bins.gap**2 + bins.deviation**2 - bins.folded(bins.gap) ** 2
    drawn = float(bins.share @ bins.gap**2) - plain**2
    return math.sqrt(max(0.0, float(bins.share**2 @ noise)) + max(0.0, drawn) / images)


def _folded(gap: Floats) -> Floats:
    """The mean of |gap + z| for standard normal z (Leone, Nelson and Nottingham, 1961)."""
    folded: Floats = _FLOOR * np.exp(-(gap**2) / 2) + gap * _erf(gap / math.sqrt(2))
    return folded


def _unfolded(mean: float) -> float:
    """The gap whose folded mean is `mean`; 0 where the noise alone is more."""
    low, high = 0.0, mean
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if float(_folded(np.array(middle))) > mean else (middle, high)
    return low
