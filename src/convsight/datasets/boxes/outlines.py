"""Outlines of things: what of them boxes take, and the pixels that they are around."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.results.masks import Mask
from convsight.results.polygons import fill_polygons
from convsight.results.run_lengths import from_run_lengths, from_text
from convsight.words import quoted

_FEWEST = 6  # numbers of an outline: three corners
_CORNERS = 1024  # of a circle


def outline_area(corners: NDArray[np.float64]) -> float:
    """The area of an outline (corners, 2): half the sum of the cross products of its edges (Gauss).

    >>> outline_area(np.array([[0.0, 0], [4, 0], [4, 3]]))
    6.0
    """
    after = np.roll(corners, -1, axis=0)
    return abs(float((corners[:, 0] * after[:, 1] - corners[:, 1] * after[:, 0]).sum())) / 2


@dataclass(frozen=True, eq=False)
class Outline:
    """The pixels of a thing: those in any of `polygons`, each (corners, 2) in px; or run lengths, as COCO has them.

    `runs` are lengths or their text, of an image of the size `stated` (width, height). `pixels` are they themselves.
    """

    polygons: tuple[NDArray[np.float64], ...] = ()
    runs: str | tuple[int, ...] | None = None
    stated: tuple[int, int] | None = None
    pixels: Mask | None = None

    def mask(self, size: tuple[int, int]) -> Mask:
        """The pixels in an image of `size` (width, height); raises `ValueError` where run lengths are of another."""
        if self.pixels is not None:
            if self.pixels.right > size[0] or self.pixels.bottom > size[1]:
                raise ValueError(f"a mask up to {self.pixels.right}, {self.pixels.bottom} px of an image of {size}")
            return self.pixels
        if self.runs is None:
            return Mask.of(fill_polygons(self.polygons, size))
        if self.stated not in (None, size):
            raise ValueError(f"run lengths of an image of {self.stated}, not of {size}")
        return Mask.of(from_run_lengths(from_text(self.runs) if isinstance(self.runs, str) else [*self.runs], size))


def rectangle_outline(xyxy: tuple[float, float, float, float]) -> Outline:
    """The outline of all of a box."""
    left, top, right, bottom = xyxy
    return Outline((np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float64),))


def joined_outlines(parts: Sequence[Outline]) -> Outline | None:
    """The outline of a thing of several parts, all of polygons or all of pixels; None where they are of both.

    >>> parts = [rectangle_outline((0, 0, 2, 1)), rectangle_outline((3, 0, 4, 1))]
    >>> found = joined_outlines(parts)
    >>> found.mask((5, 1)).area if found else None
    3
    """
    if all(part.polygons for part in parts):
        return Outline(tuple(polygon for part in parts for polygon in part.polygons))
    masks = [part.pixels for part in parts if part.pixels is not None]
    if len(masks) < len(parts):
        return None
    right, bottom = max(mask.right for mask in masks), max(mask.bottom for mask in masks)
    pixels = np.zeros((bottom, right), np.bool_)
    for mask in masks:
        pixels[mask.place] |= mask.pixels
    return Outline(pixels=Mask.of(pixels))


def coco_outline(segmentation: Any) -> Outline | None:
    """What COCO's `segmentation` says: lists of x, y, x, y, ... or an object with run lengths; None where nothing.

    Raises `ValueError` in words where it is neither.
    """
    if not segmentation:
        return None
    if isinstance(segmentation, dict):
        return _runs(segmentation)
    if not isinstance(segmentation, list):
        raise ValueError(  # noqa: TRY004 -- of what a file holds
            f"segmentation is {quoted(segmentation)}; expected lists of x, y or an object with counts"
        )
    lists: Sequence[Any] = segmentation if isinstance(segmentation[0], list) else [segmentation]
    return Outline(tuple(_polygon(each) for each in lists))


def _polygon(numbers: Any) -> NDArray[np.float64]:
    plain = isinstance(numbers, list) and all(isinstance(each, int | float) for each in numbers)
    if not plain or len(numbers) % 2 or len(numbers) < _FEWEST or not np.isfinite(numbers).all():
        raise ValueError(f"segmentation holds {quoted(numbers)}; expected x, y of three corners or more")
    return np.array(numbers, np.float64).reshape(-1, 2)


def _runs(segmentation: dict[str, Any]) -> Outline:
    size, counts = segmentation.get("size"), segmentation.get("counts")
    if not isinstance(size, list) or len(size) != 2 or not all(isinstance(side, int) for side in size):
        raise ValueError(f"segmentation has the size {quoted(size)}; expected [height, width]")
    stated = (size[1], size[0])
    if isinstance(counts, str):
        return Outline(runs=counts, stated=stated)
    if not isinstance(counts, list) or not all(isinstance(each, int) for each in counts):
        raise ValueError(f"segmentation has the counts {quoted(counts)}; expected run lengths, or their text")
    return Outline(runs=tuple(counts), stated=stated)


def circle_outline(centre: NDArray[np.float64], radius: float) -> Outline:
    """A circle as a polygon that leaves it by less than a hundredth of a pixel up to a radius of 2,000 px."""
    turns = np.arange(_CORNERS) * (2 * np.pi / _CORNERS)
    return Outline((centre + radius * np.stack([np.cos(turns), np.sin(turns)], axis=1),))
