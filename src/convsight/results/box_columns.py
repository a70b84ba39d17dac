"""What is known of each box beside its place, class and score: arrays by name, whose first axis counts the boxes.

Three names have a meaning of their own, so that boxes can be moved, compared and handed on with them:

- `track` (boxes,): the number of the track that a box belongs to, from 1;
- `keypoints` (boxes, joints, 2 or 3): places in pixels, across and down, and how sure or visible each is;
- `mask` (boxes,): the pixels of each, `results.masks.Mask`; or (boxes, rows, columns): a flag a cell of a grid over the
  image, which may have a cell a pixel.

Numbers under other names are compared as they are, so they must be shares of their own scale.
"""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.results.masks import Mask, mask_column, mask_overlaps, masks_of
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
        if values.dtype == object and not all(isinstance(each, Mask) for each in values):
            raise ValueError(f"{name} must be numbers, texts or masks")
        if values.dtype.kind == "f" and bool(np.isnan(values).any()):
            raise InvalidOutputError(f"{name} must be numbers, all of them")


def plain_values(columns: Columns, count: int, size: tuple[int, int]) -> list[dict[str, Any]]:
    """The columns of each of `count` boxes in an image of `size` (width, height) as JSON values.

    Masks are COCO's run lengths: other flags of many cells, which files are better for, are left out.

    >>> plain_values({"track": np.array([7]), "mask": np.ones((1, 2, 2), bool)}, 1, (2, 2))
    [{'track': 7, 'mask': {'size': [2, 2], 'counts': '04'}}]
    """
    told = {name: _plain(name, each, size) for name, each in columns.items() if _is_told(name, each)}
    return [{name: each[row] for name, each in told.items()} for row in range(count)]


def row_values(columns: Columns, count: int, size: tuple[int, int]) -> list[tuple[Any, ...]]:
    """The columns of each of `count` boxes that are one value each, and of masks the text of their run lengths."""
    flat = [
        [mask.to_coco(size)["counts"] for mask in masks_of(each, size)] if name == MASK else each.tolist()
        for name, each in columns.items()
        if each.ndim == 1 or name == MASK
    ]
    return [tuple(each[row] for each in flat) for row in range(count)]


def _is_told(name: str, values: NDArray[Any]) -> bool:
    return name == MASK or values.dtype.kind != "b" or values.ndim == 1


def _plain(name: str, values: NDArray[Any], size: tuple[int, int]) -> list[Any]:
    return [mask.to_coco(size) for mask in masks_of(values, size)] if name == MASK else list(values.tolist())


def digest(columns: Columns, row: int) -> str:
    """What tells the columns of a box from others in a line of text; empty where there are none."""
    found = ""
    for name, values in sorted(columns.items()):
        found += f" {name} {_digest(values, row)}"
    return found


def _digest(values: NDArray[Any], row: int) -> str:
    if values.dtype == object:
        mask: Mask = values[row]
        whole = blake2b(f"{mask.xyxy}".encode(), digest_size=_DIGEST)
        whole.update(np.packbits(mask.pixels).tobytes())
        return whole.hexdigest()
    # Of one width, so that it does not depend on the array that the row is in: texts are as wide as the longest.
    content = np.asarray(values[row]).astype(_WIDTHS.get(values.dtype.kind, values.dtype))
    kind = content.dtype.kind
    whole = blake2b(f"{kind}{content.shape}".encode(), digest_size=_DIGEST)
    whole.update(repr(content.tolist()).encode() if kind == "U" else content.tobytes())
    return whole.hexdigest()


def on_size(columns: Columns, before: tuple[int, int], after: tuple[int, int]) -> dict[str, NDArray[Any]]:
    """The columns for an image of the size `after` (width, height) instead of `before`; grids of masks stay."""
    found = dict(columns)
    if MASK in found and found[MASK].dtype == object:
        found[MASK] = mask_column(mask.on(before, after) for mask in found[MASK])
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


def overlaps_by_mask(columns: Columns, others: Columns, size: tuple[int, int]) -> NDArray[np.float64] | float:
    """Intersection over union of each mask with each of the others: (boxes, others); 1 where there are no masks."""
    if MASK not in columns or MASK not in others:
        return 1.0
    return mask_overlaps(masks_of(columns[MASK], size), masks_of(others[MASK], size))
