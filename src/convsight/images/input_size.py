"""`InputSize`: the size that images are fitted to and how."""

from typing import Literal, NamedTuple

ResizeMode = Literal["crop", "squash", "pad"]


class InputSize(NamedTuple):
    """`height` and `width` in pixels, and what happens to images of other proportions."""

    height: int
    width: int
    fit: ResizeMode = "crop"
