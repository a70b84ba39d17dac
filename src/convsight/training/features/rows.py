"""Features as they lie in a file: a row an image, in float16, each with what tells whether it is whole."""

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.errors import UserError

_TOP = 14  # the exponent of the largest feature of a row: float16 ends at 65,504, just under 2 to the 16
_DECODED = 64  # rows that become float32 at once


def row_type(numbers: int) -> np.dtype[Any]:
    """Of a row with so many features.

    `picture` is the digest of its image; features are float16 times two to the power of `scale`; `check` is the CRC-32
    of all of it.
    """
    return np.dtype([("picture", "<u8"), ("scale", "<i4"), ("check", "<u4"), ("features", "<f2", (numbers,))])


def rows_of(pictures: NDArray[np.uint64], features: NDArray[np.float32]) -> NDArray[Any]:
    """Rows (images,) of `features` (images, numbers).

    Each row has its own power of two, so that none is too large for float16, and small ones keep their digits: they
    come back within 2^-11 of their value, or 2^-39 of the row's largest. Raises `UserError` where one is infinite or
    no number.

    >>> kept = rows_of(np.array([7], np.uint64), np.array([[1e6, -3.0, 0.0]], np.float32))
    >>> features_in(kept).tolist(), are_whole(kept).tolist()
    ([[999936.0, -3.0, 0.0]], [True])
    """
    if not np.isfinite(features).all():
        raise UserError(
            "the frozen stages answer with infinite numbers, or none, to some images: their weights are not for images "
            "like these; see that --weights fits, or train with --no-features"
        )
    rows = np.zeros(len(features), row_type(features.shape[1]))
    rows["picture"] = pictures
    largest = np.abs(features).max(axis=1, initial=0)
    rows["scale"] = np.where(largest > 0, np.frexp(largest)[1] - 1 - _TOP, 0)
    rows["features"] = np.ldexp(features, -rows["scale"][:, None])
    rows["check"] = _checks(rows)
    return rows


def features_in(rows: NDArray[Any]) -> NDArray[np.float32]:
    """The features (rows, numbers) of rows."""
    found = np.empty(rows["features"].shape, np.float32)
    for start in range(0, len(rows), _DECODED):
        part = rows[start : start + _DECODED]
        found[start : start + _DECODED] = np.ldexp(part["features"].astype(np.float32), part["scale"][:, None])
    return found


def are_whole(rows: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether each row (rows,) holds what was written."""
    whole: NDArray[np.bool_] = _checks(rows) == rows["check"]
    return whole


def _checks(rows: NDArray[Any]) -> NDArray[np.uint32]:
    found = np.empty(len(rows), np.uint32)
    for place, row in enumerate(rows):
        found[place] = zlib.crc32(row["features"], zlib.crc32(row["picture"].tobytes() + row["scale"].tobytes()))
    return found
