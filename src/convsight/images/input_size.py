"""`InputSize`: the size that images are fitted to and how."""

from typing import Literal, NamedTuple

ResizeMode = Literal["crop", "squash", "pad", "tile"]
ResizeFilter = Literal["bilinear", "bicubic"]


class InputSize(NamedTuple):
    """`height` and `width` in pixels, and what happens to images of other proportions.

    With `shorter`, `crop` first resizes the whole image until its shorter side has so many pixels, then cuts the middle
    out of that: what most pretrained networks expect. `filter` is what the resize weights pixels by.

    Under `tile` images keep their scale and are cut into tiles of that size later; those that are smaller get borders
    on the right and below.
    """

    height: int
    width: int
    fit: ResizeMode = "crop"
    shorter: int | None = None
    filter: ResizeFilter = "bilinear"
