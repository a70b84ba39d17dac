"""`MaskSource`: a mask that is held, or read when it is asked for."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Whole numbers of shape (height, width) or (depth, height, width), or what reads them; that is safe in threads.
MaskSource = NDArray[Any] | Callable[[], NDArray[Any]]

_LARGEST = 65_535  # of 16 bits


def read_mask(source: MaskSource) -> NDArray[np.integer[Any]]:
    """The mask, in 8 or 16 bits; raises `ValueError` where it holds other numbers.

    >>> read_mask(lambda: np.array([[0, 300]])).dtype
    dtype('uint16')
    """
    mask = source() if callable(source) else source
    if mask.dtype in (np.uint8, np.uint16):
        return mask
    low, high = int(mask.min()), int(mask.max())
    if mask.dtype.kind not in "iu" or low < 0 or high > _LARGEST:
        raise ValueError(f"a mask holds whole numbers from 0 to {_LARGEST:,}, not {mask.dtype} {low} to {high}")
    return mask.astype(np.uint8 if high < 256 else np.uint16)
