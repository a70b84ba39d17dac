"""How alike two maps are: by the order of their places, and by their structure."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage, stats

Floats = NDArray[np.float64]

_SPREAD, _REACH = 1.5, 5  # px of the Gaussian window: Wang et al., 2004, section III.B
_LUMINANCE, _CONTRAST = 0.01**2, 0.03**2  # of a range of 1
_BRIGHTEST = 99  # percentile that counts as 1: a single pixel must not darken all others


def rank_correlation(one: Floats, other: Floats) -> float:
    """Spearman's rank correlation of two maps of one shape, -1..1; 0 where one of them has no order.

    >>> rank_correlation(np.array([[0.0, 1.0], [5.0, 9.0]]), np.array([[1.0, 2.0], [3.0, 4.0]]))
    1.0
    """
    ranks = [stats.rankdata(values) for values in (one, other)]
    apart = [each - each.mean() for each in ranks]
    squares = [float((each**2).sum()) for each in apart]
    if min(squares) == 0:
        return 0.0
    return float(np.clip((apart[0] * apart[1]).sum() / np.sqrt(squares[0] * squares[1]), -1, 1))


def structural_similarity(one: Floats, other: Floats) -> float:
    """The mean structural similarity (SSIM) of two maps (rows, columns) with values in 0..1, at least 11 px a side.

    Means, variances and covariance are those of a Gaussian window. Source: Wang et al., "Image Quality Assessment: From
    Error Visibility to Structural Similarity", 2004, equation 13.
    """
    mean, mean_ = _blurred(one), _blurred(other)
    variance, variance_ = _blurred(one**2) - mean**2, _blurred(other**2) - mean_**2
    covariance = _blurred(one * other) - mean * mean_
    above = (2 * mean * mean_ + _LUMINANCE) * (2 * covariance + _CONTRAST)
    below = (mean**2 + mean_**2 + _LUMINANCE) * (variance + variance_ + _CONTRAST)
    # Where the window reaches beyond the map nothing is known.
    return float((above / below)[_REACH:-_REACH, _REACH:-_REACH].mean())


def strength(values: Floats, sides: tuple[int, int]) -> Floats:
    """The absolute values of a map as shares, 0..1, of nearly their largest, over `sides` (height, width) in px."""
    height, width = sides
    strong = np.abs(values)
    if strong.shape != sides:
        enlarged = Image.fromarray(strong.astype(np.float32)).resize((width, height), Image.Resampling.BILINEAR)
        strong = np.asarray(enlarged, np.float64)
    brightest = float(np.percentile(strong, _BRIGHTEST)) or float(strong.max())
    return np.clip(strong / brightest, 0, 1) if brightest else strong


def _blurred(values: Floats) -> Floats:
    found: Floats = ndimage.gaussian_filter(values, _SPREAD, radius=_REACH)
    return found
