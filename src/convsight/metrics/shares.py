"""Shares and means of which some are undefined, a row a resample."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


def ratio(part: Floats, whole: Floats) -> Floats:
    """The part's share of the whole, 0 where there is no whole.

    >>> ratio(np.array([1.0, 0.0]), np.array([4.0, 0.0])).tolist()
    [0.25, 0.0]
    """
    shares = np.zeros_like(part)
    np.divide(part, whole, out=shares, where=whole > 0)
    return shares


def mean_where(values: Floats, counted: NDArray[np.bool_]) -> Floats:
    """Mean over the last of two axes of the `values` that count, NaN where none does.

    >>> mean_where(np.array([[1.0, 3.0, 8.0], [1.0, 2.0, 3.0]]), np.array([[True, True, False], [False] * 3])).tolist()
    [2.0, nan]
    """
    mean = np.full(len(values), np.nan, values.dtype)
    number = np.count_nonzero(counted, axis=1)
    np.divide(np.where(counted, values, 0).sum(axis=1), number, out=mean, where=number > 0)
    return mean
