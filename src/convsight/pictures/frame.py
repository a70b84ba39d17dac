"""`Frame`: the size that pictures are fitted to and how, and where a point of a picture comes to lie in it."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Fit = Literal["crop", "squash", "pad"]


class Frame(NamedTuple):
    """`height` and `width` in pixels, and what happens to pictures of other proportions."""

    height: int
    width: int
    fit: Fit = "crop"

    def fractions(self, xyxy: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
        """Boxes (boxes, 4) in pixels of a picture of `size` (width, height) as fractions of the frame.

        What lies outside the frame, since `crop` cut it off, is below 0 or above 1.

        >>> Frame(2, 4, "crop").fractions(np.array([[10.0, 10.0, 20.0, 20.0]]), (40, 40)).tolist()
        [[0.25, 0.0, 0.5, 0.5]]
        """
        scale, offset = self._map(size)
        return xyxy * scale + offset

    def pixels(self, fractions: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
        """The inverse of `fractions`: boxes in pixels of the picture, kept inside it.

        >>> Frame(2, 4, "crop").pixels(np.array([[0.25, 0.0, 0.5, 0.5]]), (40, 40)).tolist()
        [[10.0, 10.0, 20.0, 20.0]]
        """
        scale, offset = self._map(size)
        return np.clip((fractions - offset) / scale, 0, [*size, *size])

    def _map(self, size: tuple[int, int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Factor and offset from pixels (left, top, right, bottom) of a picture to fractions of the frame."""
        sides = np.array(size, np.float64)
        share = self._share(sides)
        return np.tile(share / sides, 2), np.tile((1 - share) / 2, 2)

    def _share(self, sides: NDArray[np.float64]) -> NDArray[np.float64]:
        """How much of the frame's width and height the whole picture takes: more than 1 where it is cut."""
        wanted = np.array([self.width, self.height], np.float64)
        scales = wanted / sides
        scale: NDArray[np.float64] = {"squash": scales, "crop": scales.max(), "pad": scales.min()}[self.fit]
        share: NDArray[np.float64] = sides * scale / wanted
        return share
