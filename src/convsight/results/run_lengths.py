"""Masks as COCO's run lengths: how many pixels, column after column, are not of a thing, then are, and so on.

The text is that of pycocotools: a run from the third on as its difference from the one two before, in digits of five
bits from the lowest, of which each but the last has a sixth bit, counted from the character `0`.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_FIVE, _MORE, _SIGN, _FIRST = 31, 32, 16, 48


def run_lengths(flags: NDArray[np.bool_]) -> list[int]:
    """The runs of `flags` (height, width), column after column; the first one is of pixels that are not set.

    >>> run_lengths(np.array([[False, True], [False, True]])), run_lengths(np.array([[True, False]]))
    ([2, 2], [0, 1, 1])
    """
    return _runs(flags.T.ravel())


def placed_run_lengths(pixels: NDArray[np.bool_], left: int, top: int, size: tuple[int, int]) -> list[int]:
    """The runs of a mask of `size` (width, height) that holds `pixels` at `left` and `top`, and is empty elsewhere."""
    width, height = size
    tall = np.zeros((pixels.shape[1], height), np.bool_)  # the columns that hold anything
    tall[:, top : top + pixels.shape[0]] = pixels.T
    before, after = left * height, (width - left - pixels.shape[1]) * height
    found = _runs(tall.ravel())
    if len(found) == 1:  # nothing is set
        return [width * height]
    found[0] += before
    if len(found) % 2:
        found[-1] += after
    elif after:
        found.append(after)
    return found


def _runs(flat: NDArray[np.bool_]) -> list[int]:
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    edges = np.concatenate([[0], changes, [len(flat)]])
    runs: list[int] = np.diff(edges).tolist() if len(flat) else [0]
    return [0, *runs] if len(flat) and flat[0] else runs


def from_run_lengths(runs: list[int], size: tuple[int, int]) -> NDArray[np.bool_]:
    """The mask (height, width) of `runs`; raises `ValueError` where they are not of `size` (width, height).

    >>> from_run_lengths([1, 2, 1], (2, 2)).tolist()
    [[False, True], [True, False]]
    """
    width, height = size
    if sum(runs) != width * height or min(runs, default=0) < 0:
        raise ValueError(f"runs of {sum(runs):,} pixels are no mask of {width} x {height}")
    flags = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return np.ascontiguousarray(flags.reshape(width, height).T)


def to_text(runs: list[int]) -> str:
    """The text of `runs`, as COCO's files have it.

    >>> to_text([6, 1, 40, 4, 5, 4, 5, 4, 21])
    '61X13mN000`0'
    """
    found = bytearray()
    for place, run in enumerate(runs):
        left = run - runs[place - 2] if place > 2 else run
        while True:
            digit, left = left & _FIVE, left >> 5
            last = left == (-1 if digit & _SIGN else 0)
            found.append((digit if last else digit | _MORE) + _FIRST)
            if last:
                break
    return found.decode("ascii")


def from_text(text: str | bytes) -> list[int]:
    """The inverse of `to_text`; raises `ValueError` where the text is none.

    >>> from_text("61X13mN000`0")
    [6, 1, 40, 4, 5, 4, 5, 4, 21]
    """
    content = text.encode("ascii") if isinstance(text, str) else text
    runs: list[int] = []
    value = shift = 0
    for character in content:
        digit = character - _FIRST
        if not 0 <= digit < 2 * _MORE:
            raise ValueError(f"{chr(character)!r} is no digit of run lengths")
        value |= (digit & _FIVE) << shift
        shift += 5
        if digit & _MORE:
            continue
        if digit & _SIGN:
            value -= 1 << shift
        runs.append(value + runs[-2] if len(runs) > 2 else value)
        value = shift = 0
    if shift:
        raise ValueError("the text of run lengths ends within a number")
    return runs


def coco_mask(pixels: NDArray[np.bool_], left: int, top: int, size: tuple[int, int]) -> dict[str, Any]:
    """A mask as COCO's files have it, `size` being (height, width) there."""
    width, height = size
    return {"size": [height, width], "counts": to_text(placed_run_lengths(pixels, left, top, size))}
