"""What stands in for a part of a picture that is hidden."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from convsight.errors import UserError

_BLUR = 1 / 20  # the deviation of the blur, as a share of the shorter side: parts of things go, the light stays


def stand_in(array: NDArray[Any], fill: str = "mean") -> NDArray[Any]:
    """The picture (height, width, channels) of which parts are put over `array`, of its type.

    `fill` is `mean`, the mean colour of the picture; `blur`, the picture blurred by a Gaussian with a deviation of a
    twentieth of its shorter side; or a number, the value of every channel as the picture is loaded. Raises `UserError`
    for anything else, and for a number that pixels cannot hold.

    >>> stand_in(np.array([[[10, 0, 0], [20, 0, 1]]], np.uint8)).tolist()
    [[[15, 0, 0], [15, 0, 0]]]
    """
    if fill == "mean":
        return _as_type(np.broadcast_to(array.mean(axis=(0, 1), dtype=np.float64), array.shape), array.dtype)
    if fill == "blur":
        sigma = _BLUR * min(array.shape[:2])
        blurred = ndimage.gaussian_filter(array.astype(np.float64), (sigma, sigma, 0), mode="nearest")
        return _as_type(blurred, array.dtype)
    return np.full_like(array, _number(fill, array.dtype))


def _number(fill: str, dtype: np.dtype[Any]) -> float:
    try:
        number = float(fill)
    except ValueError:
        raise UserError(f"--fill {fill}: mean, blur, or a number, the value that every channel gets") from None
    if dtype.kind == "f":
        return number
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    if not (low <= number <= high and number == int(number)):
        raise UserError(f"--fill {fill}: values of these pictures are whole numbers from {low} to {high}")
    return number


def _as_type(values: NDArray[np.float64], dtype: np.dtype[Any]) -> NDArray[Any]:
    return np.rint(values).astype(dtype) if dtype.kind in "ui" else values.astype(dtype)
