"""Many small pictures on one sheet, with a word below each."""

from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from convsight.results.caption import broken

_GAP = 8  # px around pictures
_TEXT, _TITLE = 12, 16  # px
_GROUND, _INK = "white", "#303030"


class Cell(NamedTuple):
    """A picture (RGB) and what stands below it."""

    picture: Image.Image
    words: str = ""


def contact_sheet(cells: Sequence[Cell], columns: int, title: str) -> Image.Image:
    """`cells` in rows of so many `columns` under a title; each column as wide, each row as high as its largest one."""
    rows = [cells[start : start + columns] for start in range(0, len(cells), columns)]
    widths = [max(row[place].picture.width for row in rows if place < len(row)) for place in range(len(rows[0]))]
    line = 0 if not any(cell.words for cell in cells) else round(1.5 * _TEXT)
    heights = [max(cell.picture.height for cell in row) + line for row in rows]
    width = sum(widths) + _GAP * (len(widths) + 1)
    head = _lines([title], width - 2 * _GAP, _TITLE)
    top = _GAP + round(1.4 * _TITLE) * len(head)
    sheet = Image.new("RGB", (width, top + sum(heights) + _GAP * (len(rows) + 1)), _GROUND)
    pen = ImageDraw.Draw(sheet)
    for number, text in enumerate(head):
        pen.text((_GAP, _GAP + number * round(1.4 * _TITLE)), text, fill=_INK, font_size=_TITLE)
    y = top + _GAP
    for row, height in zip(rows, heights, strict=True):
        x = _GAP
        for cell, width in zip(row, widths, strict=False):
            sheet.paste(cell.picture, (x, y))
            if cell.words:
                pen.text((x, y + cell.picture.height + 2), _short(cell.words, width), fill=_INK, font_size=_TEXT)
            x += width + _GAP
        y += height + _GAP
    return sheet


def _lines(parts: Sequence[str], width: int, size: int) -> list[str]:
    font = ImageFont.load_default(size)
    return broken(parts, lambda line: font.getlength(line) <= width)


def _short(words: str, width: int) -> str:
    """The end of `words`, which tells names of files apart, that fits."""
    font = ImageFont.load_default(_TEXT)
    if font.getlength(words) <= width:
        return words
    while words and font.getlength(f"…{words}") > width:
        words = words[1:]
    return f"…{words}"
