"""An image and what kernels make of it, side by side in one PNG."""

from dataclasses import dataclass
from itertools import count
from math import ceil, sqrt
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from convsight.arithmetic.cell import written
from convsight.arithmetic.filtering import FilteredImage
from convsight.arithmetic.filters import Kernel
from convsight.errors import UserError
from convsight.files import write_atomic_with

_SIDE_PX: Final = 420  # the longest side of an image on the sheet
_SLOT_PX: Final = 250  # the least width of a column, so that words fit
_GAP_PX: Final = 20
_TITLE_PX: Final = 18
_TEXT_PX: Final = 14
_LINE_PX: Final = 22
_CELLS: Final = 7  # a larger kernel is not drawn number by number
_DARK, _FAINT = (20, 20, 20), (190, 190, 190)


@dataclass(frozen=True)
class _Tile:
    title: str
    size: str
    image: Image.Image
    rule: str
    kernel: Kernel | None

    @property
    def kernel_height(self) -> int:
        return 0 if self.kernel is None else _LINE_PX * (len(self.kernel.rows) if _is_small(self.kernel) else 1)


def save_sheet(found: FilteredImage, out: Path | None = None) -> Path:
    """Save the sheet; returns where. Without `out` it is `<image>-filters.png` in the current folder, or -2, -3, ...

    Raises `UserError` where `out` is no name of a PNG, is the image itself, or cannot be written.
    """
    file = _free(f"{found.image.stem}-filters") if out is None else out
    if file.suffix.lower() != ".png":
        raise UserError(f"{file} does not end with .png; the images are saved as PNG")
    if file.exists() and file.samefile(found.image):
        raise UserError(f"{file} is the image itself; choose another name with --out")
    sheet = draw_sheet(found)
    write_atomic_with(file, lambda temporary: sheet.save(temporary, format="PNG"))
    return file


def draw_sheet(found: FilteredImage) -> Image.Image:
    """The original in grey and every result beside it, each with its kernel's numbers and the rule it is shown by.

    A cell of a result is as wide as the cells of the original that it stands for, so that all of them lie alike.
    Images are reduced after the arithmetic; what is enlarged keeps its cells.
    """
    tiles = _tiles(found)
    columns = len(tiles) if len(tiles) <= 3 else ceil(sqrt(len(tiles)))
    slot = max(_SLOT_PX, *(tile.image.width for tile in tiles))
    height = max(tile.image.height + tile.kernel_height for tile in tiles) + 3 * _LINE_PX + _GAP_PX
    rows = ceil(len(tiles) / columns)
    sheet = Image.new("RGB", (columns * (slot + _GAP_PX) + _GAP_PX, rows * height + _LINE_PX + _GAP_PX), "white")
    pen = ImageDraw.Draw(sheet)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, columns)
        left, top = _GAP_PX + column * (slot + _GAP_PX), _GAP_PX + row * height
        below = top + 2 * _LINE_PX + tile.image.height + 3
        _write(pen, (left, top), tile.title, slot, _TITLE_PX)
        _write(pen, (left, top + _LINE_PX), tile.size, slot)
        # A line around it, since a result may be as white as the sheet.
        pen.rectangle((left - 1, top + 2 * _LINE_PX - 1, left + tile.image.width, below - 3), outline=_FAINT)
        sheet.paste(tile.image, (left, top + 2 * _LINE_PX))
        _write(pen, (left, below), tile.rule, slot)
        if tile.kernel is not None:
            _draw_kernel(pen, (left, below + _LINE_PX), tile.kernel, slot)
    words = f"{found.filtered[0].operation}, stride {found.stride}, padding {found.padding}"
    _write(pen, (_GAP_PX, _GAP_PX + rows * height), words, sheet.width - 2 * _GAP_PX)
    return sheet


def _tiles(found: FilteredImage) -> list[_Tile]:
    before = " x ".join(map(str, found.grey.shape))
    stride = min(found.stride, max(found.grey.shape))  # a longer one has a single stop
    longest = max(*found.grey.shape, *(stride * max(one.shown.shape) for one in found.filtered))
    scale = _SIDE_PX // longest if longest <= _SIDE_PX else _SIDE_PX / longest
    tiles = [_Tile(found.image.name, f"{before}, grey", _at_scale(found.grey, scale), "as it is", None)]
    for one in found.filtered:
        after = " x ".join(str(side.value) for side in one.sides)
        image = _at_scale(one.shown, scale * stride)
        tiles.append(_Tile(one.kernel.name, f"{before} -> {after}", image, one.rule, one.kernel))
    return tiles


def _at_scale(levels: NDArray[np.uint8], scale: float) -> Image.Image:
    image = Image.fromarray(levels)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.resize(size, Image.Resampling.NEAREST if scale >= 1 else Image.Resampling.BILINEAR)


def _write(pen: ImageDraw.ImageDraw, place: tuple[int, int], text: str, width: int, size: int = _TEXT_PX) -> None:
    """One line of text, cut where it does not fit; a file name may hold anything, line breaks too."""
    text = shown = "".join(letter if letter.isprintable() else "?" for letter in text)
    while pen.textlength(shown, font_size=size) > width:
        text = text[:-1]
        shown = f"{text}..."
    pen.text(place, shown, fill=_DARK, font_size=size)


def _is_small(kernel: Kernel) -> bool:
    return len(kernel.rows) <= _CELLS and len(kernel.rows[0]) <= _CELLS


def _draw_kernel(pen: ImageDraw.ImageDraw, place: tuple[int, int], kernel: Kernel, width: int) -> None:
    """The kernel as a grid of its numbers, what they are divided by beside it; a large one in words."""
    left, top = place
    widest = max(pen.textlength(written(number), font_size=_TEXT_PX) for row in kernel.rows for number in row)
    cell, columns = ceil(widest) + 12, len(kernel.rows[0])
    if not _is_small(kernel) or cell * columns > width:
        _write(pen, place, f"kernel of {len(kernel.rows)} x {columns} numbers", width)
        return
    for y, row in enumerate(kernel.rows):
        for x, number in enumerate(row):
            corner = left + x * cell, top + y * _LINE_PX
            pen.rectangle((*corner, corner[0] + cell, corner[1] + _LINE_PX), outline=_FAINT)
            middle = corner[0] + cell / 2, corner[1] + _LINE_PX / 2
            pen.text(middle, written(number), fill=_DARK, font_size=_TEXT_PX, anchor="mm")
    if kernel.divisor != 1:
        beside = left + columns * cell + 8, top + len(kernel.rows) * _LINE_PX / 2
        pen.text(beside, f"/ {written(kernel.divisor)}", fill=_DARK, font_size=_TEXT_PX, anchor="lm")


def _free(stem: str) -> Path:
    names = (Path(f"{stem}.png" if number == 1 else f"{stem}-{number}.png") for number in count(1))
    return next(name for name in names if not name.exists())
