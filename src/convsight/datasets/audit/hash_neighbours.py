"""Hashes a few bits apart, found without comparing all of them with each other."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.audit.groups import Joined

MAX_BITS_APART = 4  # of 64, in each of the two hashes of an image; measured, see docs/design.md
_BANDS = MAX_BITS_APART + 1
_BITS_SET = np.array([number.bit_count() for number in range(2**16)], np.uint8)


def neighbour_groups(hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
    """For each row of (rows, 2) a number, equal for rows joined by pairs that differ by `MAX_BITS_APART` in no column.

    Rows that differ in four bits agree in one of five bands of bits (pigeonhole principle), so only rows that agree in
    a band are compared. A group is joined by such pairs; its ends may differ more.

    >>> neighbour_groups(np.array([[0, 0], [2**60 - 1, 0], [15, 15]], np.uint64)).tolist()
    [0, 1, 0]
    """
    joined = Joined(len(hashes))
    for band in range(_BANDS):
        for ones, others in _same_band(hashes[:, 0] & _band(band)):
            # Most pairs of a large group tell nothing new, and these are left out without a loop.
            new = joined.roots[ones] != joined.roots[others]
            near = _near(hashes[ones[new]], hashes[others[new]])
            joined.join(ones[new][near], others[new][near])
    return joined.roots


def _near(ones: NDArray[np.uint64], others: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Whether `ones[i]` and `others[i]` differ by `MAX_BITS_APART` at most in both columns."""
    counted = _BITS_SET[(ones ^ others).view(np.uint16).reshape(-1, 2, 4)].sum(axis=2)
    near: NDArray[np.bool_] = (counted <= MAX_BITS_APART).all(axis=1)
    return near


def _band(band: int) -> np.uint64:
    """Every fifth bit: neighbouring bits of a hash say much the same, so together they would tell little apart."""
    return np.uint64(sum(1 << bit for bit in range(band, 64, _BANDS)))


def _same_band(keys: NDArray[np.uint64]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """All pairs of positions with equal keys: in the order of keys each with its next, its second next, and so on."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    places = np.arange(len(keys))
    step = 1
    while True:
        places = places[places + step < len(keys)]
        places = places[ordered[places] == ordered[places + step]]
        if not len(places):
            return
        yield order[places], order[places + step]
        step += 1
