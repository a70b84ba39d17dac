"""`ImageGeometry`: where an image, or a tile of one, lies in a network's input."""

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.images import InputSize, fit_planes
from convsight.images.orientation import CropBox
from convsight.images.resize import Size, corner, inside, middle, scaled
from convsight.inputs.geometry import Floats, InputGeometry, Part
from convsight.inputs.placement import Placement


@final
class ImageGeometry(InputGeometry):
    """The way of an image of `size` (width, height), upright, into `input_size` and back.

    >>> geometry = ImageGeometry(InputSize(2, 4, "crop"), (40, 40))
    >>> geometry.fractions(np.array([[10.0, 10.0, 20.0, 20.0]])).tolist()
    [[0.25, 0.0, 0.5, 0.5]]
    >>> geometry.fractions_back(np.array([[0.25, 0.0, 0.5, 0.5]])).tolist()
    [[10.0, 10.0, 20.0, 20.0]]

    With `part` (left, top, right, bottom in pixels) only that tile of the image is put in; coordinates stay those of
    the whole. `border` is the value of what `pad` adds. Under `tile` the input is the whole in its own scale.
    """

    channels_last = True

    def __init__(
        self, input_size: InputSize, size: tuple[int, int], part: Part | None = None, border: float = 0
    ) -> None:
        self.input_size = input_size
        self.part = part or (0, 0, *size)
        self.border = border
        left, top, right, bottom = self.part
        if not (0 <= left < right <= size[0] and 0 <= top < bottom <= size[1]):
            raise ValueError(f"the tile {self.part} does not lie in an image of {size}")
        sides = np.array([right - left, bottom - top], np.float64)
        share, before = _share(input_size, sides)
        super().__init__(size, self.part, _placements(input_size, self.part), share / sides, before)

    def image(self, image: NDArray[Any]) -> NDArray[Any]:
        """`image` (height, width, channels) as `images.fit_planes` fits it: uint8, uint16 or float32."""
        left, top, right, bottom = self.part
        return fit_planes(image[top:bottom, left:right], self.input_size, self.border)

    def tile(self, part: Part) -> "ImageGeometry":
        """The same for one tile (left, top, right, bottom in pixels) of the image."""
        return ImageGeometry(self.input_size, (self.size[0], self.size[1]), part, self.border)


def _share(input_size: InputSize, sides: Floats) -> tuple[Floats, Floats]:
    """How much of the frame's width and height the whole image of `sides` takes, and where it begins there.

    That is more than 1, and before 0, where it is cut.
    """
    wanted = np.array([input_size.width, input_size.height], np.float64)
    if input_size.fit == "tile":  # of the whole, which is put in tile by tile
        return sides / np.maximum(sides, wanted), np.zeros(2)
    if input_size.shorter:
        made, cut = _scaled(input_size, (0, 0, sides[0], sides[1]))
        return np.array(made) / wanted, -np.array(cut) / wanted
    scales = wanted / sides
    scale: Floats = {"squash": scales, "crop": scales.max(), "pad": scales.min()}[input_size.fit]
    share: Floats = sides * scale / wanted
    return share, (1 - share) / 2


def _scaled(input_size: InputSize, box: CropBox) -> tuple[Size, Size]:
    """The size that the whole of `box` is resized to, and where in that the input begins."""
    made = scaled(box, input_size.shorter or 0)
    return made, corner(made, (input_size.width, input_size.height))


def _placements(input_size: InputSize, part: Part) -> list[Placement]:
    """Which pixels make which, along x and y, as `images.resize` has it."""
    box = (0, 0, part[2] - part[0], part[3] - part[1])
    target = (input_size.width, input_size.height)
    if input_size.fit == "tile":
        wholes = zip((part[2] - part[0], part[3] - part[1]), target, part[:2], strict=True)
        return [Placement(0, side, 0, side, max(side, tile), origin) for side, tile, origin in wholes]
    made = inside(box, target) if input_size.fit == "pad" else target
    taken = _taken(input_size, box, target)
    return [
        Placement(taken[axis], taken[axis + 2], (target[axis] - made[axis]) // 2, made[axis], target[axis], part[axis])
        for axis in (0, 1)
    ]


def _taken(input_size: InputSize, box: CropBox, target: Size) -> CropBox:
    """The part of `box` that comes to lie in the input."""
    if input_size.fit != "crop":
        return box
    if not input_size.shorter:
        return middle(box, target)
    made, cut = _scaled(input_size, box)
    pixel = [(box[axis + 2] - box[axis]) / made[axis] for axis in (0, 1)]  # of the image, to one that is made
    left, top = (cut[axis] * pixel[axis] for axis in (0, 1))
    return left, top, left + target[0] * pixel[0], top + target[1] * pixel[1]
