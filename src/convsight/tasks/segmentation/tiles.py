"""Whether a training keeps the scale of its pictures, and the tiles that these are cut into."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.errors import UserError
from convsight.settings import TrainSettings
from convsight.tasks.segmentation.light.settings import SegmentationSettings

_TILE = 256  # px
_SMALLEST = 32  # px, the stride of most encoders
_LARGE = 1024  # px of the longer side: see docs/design.md for what was measured


class ChosenTile(NamedTuple):
    """The side of a tile and what neighbours share, in px, and why."""

    side: int
    overlap: int
    why: str


def chosen_tile(settings: TrainSettings, sizes: NDArray[np.int64]) -> ChosenTile | None:
    """The tiles of pictures of `sizes` (pictures, 2), width and height; None where pictures are fitted to one size.

    Raises `UserError` where what was asked for contradicts itself, or no picture is as large as a tile.
    """
    own = SegmentationSettings.of(settings)
    width, height = np.median(sizes, axis=0)
    is_large = max(width, height) > _LARGE and settings.size is None and settings.fit is None
    if own.tile == 0 or (own.tile is None and not is_large):
        if own.overlap is not None:
            raise UserError(f"--overlap {own.overlap} is of tiles, and there are none; give --tile {_TILE} too")
        return None
    side = own.tile or _TILE
    for name, value in (("size", settings.size), ("fit", settings.fit)):
        if value is not None:
            raise UserError(f"--{name} {value} changes the scale of pictures, which --tile {side} keeps; give one")
    _check_side(side, sizes)
    overlap = side // 4 if own.overlap is None else own.overlap
    if 2 * overlap > side:
        raise UserError(f"--overlap {overlap}: tiles of {side} px may share at most half, {side // 2} px")
    reason = f"--tile {side}" if own.tile else f"pictures of {width:.0f} x {height:.0f} px would lose detail if shrunk"
    never = "" if own.tile else "; --tile 0 shrinks them"
    return ChosenTile(side, overlap, f"tiles of {side} px that overlap by {overlap} px: {reason}{never}")


def refuse_tiles(settings: TrainSettings) -> None:
    """Raise `UserError` where tiles of volumes are asked for."""
    own = SegmentationSettings.of(settings)
    for name, value in (("tile", own.tile), ("overlap", own.overlap)):
        if value:
            raise UserError(f"--{name} {value} is of pictures, and these are volumes: leave it out")


def _check_side(side: int, sizes: NDArray[np.int64]) -> None:
    if side < _SMALLEST:
        raise UserError(f"--tile {side}: give at least {_SMALLEST} px, or 0 for no tiles")
    width, height = sizes[np.argmax(sizes.max(axis=1))].tolist()
    if side > max(width, height):
        raise UserError(
            f"--tile {side} is larger than every picture, the largest of which has {width} x {height} px; give at most "
            f"{max(width, height)}, or leave it out"
        )
