"""How much wider intervals must be so that they hold the truth as often as they say: split conformal prediction.

Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World, 2005; with intervals as wide as a network says, Lei
et al., Distribution-Free Predictive Inference for Regression, 2018, section 5.2. On images like those that the width
was found on, intervals hold the truth of at least the share of `LEVEL`, whatever network and distribution are.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.results.mixture import LEVEL

Floats = NDArray[np.floating[Any]]

WIDTH = "width/"  # what its names in `Card.calibration` begin with; the number's follows

_NARROWEST, _WIDEST = 1e-3, 1e3


def width_factor(true: Floats, values: Floats, low: Floats, high: Floats) -> float:
    """How many times as wide around `values` the intervals from `low` to `high` must be; all are (images,).

    The factor that `LEVEL` of `images + 1` images need, rounded up; the largest where there are too few.

    >>> true, none = np.arange(1.0, 11.0), np.zeros(10)
    >>> width_factor(true, none, none - 1, none + 1)  # errors of 1 to 10, intervals of 1 to either side
    10.0
    """
    reach = np.where(true > values, high - values, values - low)
    needed = np.sort(np.abs(true - values) / np.maximum(reach, np.finfo(np.float64).tiny))
    place = min(math.ceil(LEVEL * (len(needed) + 1)), len(needed))
    return float(np.clip(needed[place - 1], _NARROWEST, _WIDEST))
