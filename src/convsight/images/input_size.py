"""`Frame`: the size that pictures are fitted to and how."""

from typing import Literal, NamedTuple

Fit = Literal["crop", "squash", "pad"]


class Frame(NamedTuple):
    """`height` and `width` in pixels, and what happens to pictures of other proportions."""

    height: int
    width: int
    fit: Fit = "crop"
