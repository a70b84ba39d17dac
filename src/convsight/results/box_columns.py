"""What is known of each box beside its place, class and score: arrays by name, whose first axis counts the boxes.

Three names have a meaning of their own, so that boxes can be moved, compared and handed on with them:

- `track` (boxes,): the number of the track that a box belongs to, from 1;
- `keypoints` (boxes, joints, 2 or 3): places in pixels, across and down, and how sure or visible each is;
- `mask` (boxes, height, width): a flag a cell of a grid over the image, which may have a cell a pixel.

Numbers under other names are compared as they are, so they must be shares of their own scale.
"""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.results.result import InvalidOutputError

Columns = Mapping[str, NDArray[Any]]

TRACK, KEYPOINTS, MASK = "track", "keypoints", "mask"

_TAKEN = ("name", "score", "xyxy")  # keys that a box has in JSON
_DIGEST = 16  # bytes of a digest
_WIDTHS = {"i": np.dtype("<i8"), "u": np.dtype("<i8"), "f": np.dtype("<f8")}


def check_columns(columns: Columns, count: int) -> None:
    """Raise `ValueError` where a column is not of `count` rows, or its name is taken.

    NaN is no prediction of a network: `InvalidOutputError`.
    """
    for name, values in columns.items():
        if name in _TAKEN:
            raise ValueError(f"a column of boxes cannot be called {name!r}: every box has that")
        if values.ndim == 0 or len(values) != count:
            raise ValueError(f"{count} boxes but {name} of shape {values.shape}")
        if values.dtype.kind == "f" and bool(np.isnan(values).any()):
            raise InvalidOutputError(f"{name} must be numbers, all of them")


def plain_values(columns: Columns, count: int) -> list[dict[str, Any]]:
    """The columns of each of `count` boxes as JSON values; masks, which files are better for, are left out.

    >>> plain_values({"track": np.array([7]), "mask": np.zeros((1, 9, 9), bool)}, 1)
    [{'track': 7}]
    """
    told = {name: each.tolist() for name, each in columns.items() if each.dtype.kind != "b" or each.ndim == 1}
    return [{name: each[row] for name, each in told.items()} for row in range(count)]


def row_values(columns: Columns, count: int) -> list[tuple[Any, ...]]:
    """The columns of each of `count` boxes that are one value each."""
    flat = [each.tolist() for each in columns.values() if each.ndim == 1]
    return [tuple(each[row] for each in flat) for row in range(count)]


def digest(columns: Columns, row: int) -> str:
    """What tells the columns of a box from others in a line of text; empty where there are none."""
    found = ""
    for name, values in sorted(columns.items()):
        # Of one width, so that it does not depend on the array that the row is in: texts are as wide as the longest.
        content = np.asarray(values[row]).astype(_WIDTHS.get(values.dtype.kind, values.dtype))
        kind = content.dtype.kind
        whole = blake2b(f"{kind}{content.shape}".encode(), digest_size=_DIGEST)
        whole.update(repr(content.tolist()).encode() if kind == "U" else content.tobytes())
        found += f" {name} {whole.hexdigest()}"
    return found


def on_size(columns: Columns, before: tuple[int, int], after: tuple[int, int]) -> dict[str, NDArray[Any]]:
    """The columns for an image of the size `after` (width, height) instead of `before`; masks keep their grid."""
    found = dict(columns)
    if KEYPOINTS in found:
        places = found[KEYPOINTS].astype(np.float64)
        places[..., :2] *= np.array(after) / np.array(before)
        found[KEYPOINTS] = places
    return found


def largest_gap(columns: Columns, others: Columns, size: tuple[int, int]) -> float:
    """The largest difference of any number between rows: keypoints as shares of an image of `size` (width, height)."""
    largest = 0.0
    for name, values in columns.items():
        if values.dtype.kind != "f" or name not in others:
            continue
        gaps = np.abs(values - others[name])
        if name == KEYPOINTS:
            gaps[..., :2] /= np.array(size)
        largest = max(largest, float(gaps.max(initial=0.0)))
    return largest


def mask_overlaps(columns: Columns, others: Columns) -> NDArray[np.float64] | float:
    """Intersection over union of each mask with each of the others: (boxes, others); 1 where there are no masks."""
    if MASK not in columns or MASK not in others:
        return 1.0
    one, other = (np.asarray(each[MASK], np.float32).reshape(len(each[MASK]), -1) for each in (columns, others))
    shared = (one @ other.T).astype(np.float64)
    together = one.sum(axis=1)[:, None] + other.sum(axis=1)[None] - shared
    found: NDArray[np.float64] = np.divide(shared, together, out=np.ones_like(shared), where=together > 0)
    return found


def full_masks(masks: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """Masks (boxes, rows, columns) on a grid of one cell a pixel of an image of `size` (width, height)."""
    width, height = size
    across, down = (
        ((np.arange(pixels) + 0.5) * cells / pixels).astype(int)
        for pixels, cells in ((width, masks.shape[2]), (height, masks.shape[1]))
    )
    found: NDArray[Any] = masks[:, down[:, None], across[None]]
    return found
