"""The order of bytes in an array's numbers, in which files of other machines may differ from this one."""

from typing import Any

from numpy.typing import NDArray


def native(array: NDArray[Any]) -> NDArray[Any]:
    """The same numbers in this machine's byte order: the array itself where they are.

    >>> import numpy as np
    >>> native(np.array([1, 256], ">u2"))
    array([  1, 256], dtype=uint16)
    """
    return array.astype(array.dtype.newbyteorder("="), copy=False)
