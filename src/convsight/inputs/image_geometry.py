"""`ImageGeometry`: where an image, or a tile of one, lies in a network's input."""

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.images import InputSize, fit_planes
from convsight.images.resize import inside, middle
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
    the whole. `border` is the value of what `pad` adds.
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
        share = _share(input_size, np.array([right - left, bottom - top], np.float64))
        scale = share / np.array([right - left, bottom - top], np.float64)
        super().__init__(size, self.part, _placements(input_size, self.part), scale, (1 - share) / 2)

    def image(self, image: NDArray[Any]) -> NDArray[Any]:
        """`image` (height, width, channels) as `images.fit_planes` fits it: uint8, uint16 or float32."""
        left, top, right, bottom = self.part
        return fit_planes(image[top:bottom, left:right], self.input_size, self.border)

    def tile(self, part: Part) -> "ImageGeometry":
        """The same for one tile (left, top, right, bottom in pixels) of the image."""
        return ImageGeometry(self.input_size, (self.size[0], self.size[1]), part, self.border)


def _share(input_size: InputSize, sides: Floats) -> Floats:
    """How much of the frame's width and height the whole image of `sides` takes: more than 1 where it is cut."""
    wanted = np.array([input_size.width, input_size.height], np.float64)
    scales = wanted / sides
    scale: Floats = {"squash": scales, "crop": scales.max(), "pad": scales.min()}[input_size.fit]
    share: Floats = sides * scale / wanted
    return share


def _placements(input_size: InputSize, part: Part) -> list[Placement]:
    """Which pixels make which, along x and y, as `images.resize` has it."""
    box = (0, 0, part[2] - part[0], part[3] - part[1])
    target = (input_size.width, input_size.height)
    made = inside(box, target) if input_size.fit == "pad" else target
    taken = middle(box, target) if input_size.fit == "crop" else box
    return [
        Placement(taken[axis], taken[axis + 2], (target[axis] - made[axis]) // 2, made[axis], target[axis], part[axis])
        for axis in (0, 1)
    ]
