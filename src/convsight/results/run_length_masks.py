"""Masks from COCO's run lengths without drawing the whole image: only the columns that a thing is in."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from convsight.results.masks import Mask

_FIVE, _MORE, _SIGN, _FIRST = 31, 32, 16, 48


def mask_of_runs(runs: str | bytes | Sequence[int], size: tuple[int, int]) -> Mask:
    """The mask of run lengths, or of their text, in an image of `size` (width, height).

    Raises `ValueError` where they are no run lengths, or of another size.

    >>> mask = mask_of_runs([1, 2, 1], (2, 2))
    >>> mask.full((2, 2)).tolist(), mask_of_runs("022", (2, 2)).xyxy
    ([[False, True], [True, False]], (0, 0, 1, 2))
    """
    lengths = _from_text(runs) if isinstance(runs, str | bytes) else np.asarray(runs, np.int64)
    width, height = size
    ends = np.cumsum(lengths)
    if not len(ends) or ends[-1] != width * height or lengths.min() < 0:
        total = int(ends[-1]) if len(ends) else 0
        raise ValueError(f"runs of {total:,} pixels are no mask of {width} x {height}")
    starts, stops = ends[:-1:2], ends[1::2]
    kept = stops > starts
    starts, stops = starts[kept], stops[kept]
    if not len(starts):
        return Mask(0, 0, np.zeros((0, 0), np.bool_))
    columns, rows = np.divmod(starts, height)
    last_columns, last_rows = np.divmod(stops - 1, height)
    left, right = int(columns[0]), int(last_columns[-1]) + 1
    # A run that goes on in the next column reaches from its top to its bottom.
    whole = bool((columns != last_columns).any())
    top, bottom = (0, height) if whole else (int(rows.min()), int(last_rows.max()) + 1)
    tall = bottom - top
    turns = np.zeros((right - left) * tall + 1, np.int8)
    turns[(columns - left) * tall + rows - top] += 1
    turns[(last_columns - left) * tall + last_rows - top + 1] -= 1
    flags = np.cumsum(turns[:-1], dtype=np.int8).view(np.bool_).reshape(right - left, tall).T
    return Mask.of(flags, left, top) if whole else Mask(left, top, np.ascontiguousarray(flags))


def _from_text(text: str | bytes) -> NDArray[np.int64]:
    """The lengths in a text, as `run_lengths.from_text`."""
    digits = np.frombuffer(text.encode("ascii") if isinstance(text, str) else text, np.uint8).astype(np.int64) - _FIRST
    if not len(digits):
        return digits
    if int(digits.min()) < 0 or int(digits.max()) >= 2 * _MORE:
        raise ValueError(f"{text[:40]!r} is no text of run lengths")
    last = (digits & _MORE) == 0
    if not last[-1]:
        raise ValueError("the text of run lengths ends within a number")
    stops = np.flatnonzero(last)
    starts = np.concatenate([[0], stops[:-1] + 1])
    places = np.arange(len(digits)) - np.repeat(starts, stops - starts + 1)
    if int(places.max()) > 11:  # sixty bits
        raise ValueError(f"{text[:40]!r} holds a run that no image has")
    values = np.add.reduceat((digits & _FIVE) << (5 * places), starts)
    negative = (digits[stops] & _SIGN) > 0
    values -= np.where(negative, np.int64(1) << (5 * (stops - starts + 1)), 0)
    # From the fourth on, each is told as its difference from the one two before.
    for first in (1, 2):
        values[first::2] = np.cumsum(values[first::2])
    return values
