"""`InputGeometry`: where points, boxes, masks and images of an original lie in a network's input, and back."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.inputs.placement import Placement

Floats = NDArray[np.float64]
Part = tuple[int, ...]  # of an original: where it begins along each axis, then where it ends


class InputGeometry(ABC):
    """The way from one original to a network's input and back, along `axes` axes: x, y(, z), or time.

    Coordinates name the axes in that order, arrays hold them in the opposite one: a point is (x, y), a mask
    (height, width). A pixel reaches from its index to the next, its centre is at a half. Points and boxes go by `scale`
    and `offset`, which know no whole pixels; masks and images by the cells that were really filled, which under `pad`
    may lie up to half a pixel from there.
    """

    # The last axis of images holds their channels; else it is the first.
    channels_last: bool

    def __init__(
        self, size: tuple[int, ...], part: Part, placements: Sequence[Placement], scale: Floats, offset: Floats
    ) -> None:
        """Map the `part` (left, top, right, bottom) of an original of `size`; `scale` and `offset` give fractions."""
        self.size = size
        self.placements = tuple(placements)
        self._scale = scale
        self._offset = offset
        self._origin = np.array(part[: len(size)], np.float64)
        self._extent = np.array(part[len(size) :], np.float64) - self._origin

    @property
    def axes(self) -> int:
        """How many axes a point has."""
        return len(self.placements)

    @property
    def sides(self) -> tuple[int, ...]:
        """Of the input, in the order of coordinates."""
        return tuple(placement.side for placement in self.placements)

    def points(self, points: Floats) -> Floats:
        """Points (..., axes) of the original in cells of the input; what was cut off lies outside of it."""
        return self._fractions(points, 1) * self.sides

    def points_back(self, points: Floats) -> Floats:
        """The inverse of `points`."""
        return self._original(points / self.sides, 1)

    def boxes(self, boxes: Floats) -> Floats:
        """Boxes (..., 2 axes; left, top, right, bottom) of the original in cells of the input, whole even where cut."""
        return self._fractions(boxes, 2) * (self.sides * 2)

    def boxes_back(self, boxes: Floats) -> Floats:
        """The inverse of `boxes`, kept inside the original, or inside the part of it that was put in."""
        return self.fractions_back(boxes / (self.sides * 2))

    def fractions(self, boxes: Floats) -> Floats:
        """Boxes (..., 2 axes) of the original as fractions of the input; below 0 or above 1 where they were cut off."""
        return self._fractions(boxes, 2)

    def fractions_back(self, fractions: Floats) -> Floats:
        """The inverse of `fractions`, kept inside the original, or inside the part of it that was put in."""
        return self._original(fractions, 2, inside=True)

    def mask(self, mask: NDArray[Any], outside: int = 0) -> NDArray[Any]:
        """A mask (..., height, width) of the original at the input's size: nearest cells, `outside` on borders."""
        self._check(mask)
        for axis, placement in enumerate(self.placements):
            cells, there = placement.sources()
            mask = np.take(mask, cells, axis=-1 - axis)
            np.moveaxis(mask, -1 - axis, 0)[~there] = outside
        return mask

    def mask_back(self, mask: NDArray[Any], outside: int = 0, onto: NDArray[Any] | None = None) -> NDArray[Any]:
        """The inverse of `mask`: (..., height, width) of the original, `outside` where nothing of it was put in.

        With `onto`, an array of that shape, what was put in is written over that instead: so tiles become a whole.
        The mask may divide the input into fewer cells, as a network's maps do.
        """
        for axis, placement in enumerate(self.placements):
            count = mask.shape[-1 - axis]
            mask = np.take(mask, placement.places(count).astype(np.int64).clip(0, count - 1), axis=-1 - axis)
        return self._put(mask, outside, onto)

    @abstractmethod
    def image(self, image: NDArray[Any]) -> NDArray[Any]:
        """An image of the original, channels as the input has them, as the network sees it."""

    def image_back(self, image: NDArray[Any], outside: float = 0) -> NDArray[Any]:
        """The inverse of `image`: of the original's size, bilinear, `outside` where nothing of it was put in.

        The image may divide the input into fewer cells, as a network's maps do. Whole numbers are rounded.
        """
        planes = np.moveaxis(image, -1, 0) if self.channels_last else image
        found = planes.astype(np.float64)
        for axis, placement in enumerate(self.placements):
            found = _between(found, placement.places(found.shape[-1 - axis]) - 0.5, -1 - axis)
        found = found if image.dtype.kind == "f" else np.rint(found)
        found = self._put(found.astype(image.dtype), outside, None)
        return np.moveaxis(found, 0, -1) if self.channels_last else found

    def _fractions(self, coordinates: Floats, repeats: int) -> Floats:
        scale, offset, origin = (np.tile(each, repeats) for each in (self._scale, self._offset, self._origin))
        return (coordinates - origin) * scale + offset

    def _original(self, fractions: Floats, repeats: int, *, inside: bool = False) -> Floats:
        scale, offset, origin = (np.tile(each, repeats) for each in (self._scale, self._offset, self._origin))
        found = (fractions - offset) / scale
        if inside:
            found = np.clip(found, 0, np.tile(self._extent, repeats))
        return found + origin if self._origin.any() else found  # adding nothing would turn -0 into 0

    def _put(self, seen: NDArray[Any], outside: float, onto: NDArray[Any] | None) -> NDArray[Any]:
        """An array of the original's sides that holds `seen` where the original was put in."""
        if onto is None:
            onto = np.full((*seen.shape[: seen.ndim - self.axes], *self.size[::-1]), outside, seen.dtype)
        self._check(onto)
        where: tuple[Any, ...] = (..., *(placement.seen() for placement in reversed(self.placements)))
        onto[where] = seen
        return onto

    def _check(self, array: NDArray[Any]) -> None:
        if array.shape[array.ndim - self.axes :] != self.size[::-1]:
            raise ValueError(f"the last axes must be the original's {self.size[::-1]}, not those of {array.shape}")


def _between(values: Floats, places: Floats, axis: int) -> Floats:
    """`values` at `places` along `axis`, linear between their neighbours and constant beyond the last."""
    last = values.shape[axis] - 1
    places = np.clip(places, 0, last)
    before = np.floor(places).astype(np.int64)
    share = (places - before).reshape(-1, *[1] * (-1 - axis))
    after = np.minimum(before + 1, last)
    found: Floats = np.take(values, before, axis) * (1 - share) + np.take(values, after, axis) * share
    return found
