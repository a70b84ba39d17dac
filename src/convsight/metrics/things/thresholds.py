"""The score from which a box of a class counts as found, as `Card.calibration` holds it."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

THRESHOLD = "threshold/"  # what its names in `Card.calibration` begin with; the class follows
DEFAULT = 0.25  # where no validation chose one


def thresholds_of(calibration: Mapping[str, float], classes: Sequence[str]) -> NDArray[np.float64]:
    """The threshold of each class, in their order.

    >>> thresholds_of({"threshold/dog": 0.4}, ("cat", "dog")).tolist()
    [0.25, 0.4]
    """
    return np.array([calibration.get(f"{THRESHOLD}{name}", DEFAULT) for name in classes])
