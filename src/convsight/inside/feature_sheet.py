"""The maps of all layers as one picture: a row a layer, with what it is."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from convsight.inside.feature_maps import SIDE, LayerMaps
from convsight.results.caption import broken

_GAP, _LABEL = 6, 250  # px: between maps, and of the words beside a row
_TITLE, _TEXT, _NUMBER = 16, 12, 10  # px of letters
_ROW = SIDE + _NUMBER + 4 + _GAP
_GROUND, _INK, _DIM = "white", "#1c2430", "#56606e"


def feature_sheet(layers: Sequence[LayerMaps], picture: Image.Image, title: str) -> Image.Image:
    """The sheet: `picture` and `title`, then a row a layer. Each map has a scale of its own, black to white.

    Its size is bounded by the number of layers and of channels, not by the network.
    """
    columns = max(len(layer.channels) for layer in layers)
    width = max(_LABEL + columns * (SIDE + _GAP) + 2 * _GAP, 700)
    small = picture.convert("RGB")
    small.thumbnail((2 * SIDE, 2 * SIDE))
    head = small.height + 2 * _GAP
    sheet = Image.new("RGB", (width, head + _ROW * len(layers) + _GAP), _GROUND)
    pen = ImageDraw.Draw(sheet)
    sheet.paste(small, (_GAP, _GAP))
    _write(pen, title, (small.width + 3 * _GAP, _GAP), width - small.width - 4 * _GAP, _TITLE, _INK)
    for number, layer in enumerate(layers):
        _row(sheet, pen, layer, head + number * _ROW)
    return sheet


def _row(sheet: Image.Image, pen: ImageDraw.ImageDraw, layer: LayerMaps, top: int) -> None:
    stop = layer.stop
    name = stop.name if stop.use == 1 else f"{stop.name} (use {stop.use})"
    rows, columns, channels = stop.volume
    jump = f", jump {stop.field.jump_text}" if stop.field.jump_text else ""
    lines = (name, " + ".join(stop.kinds), f"{rows} x {columns} x {channels}", f"sees {stop.field.text} px{jump}")
    for number, line in enumerate(lines):
        ink = _INK if number == 0 else _DIM
        _write(pen, line, (_GAP, top + number * 16), _LABEL - 2 * _GAP, _TEXT, ink, most=1)
    for place, (channel, values) in enumerate(zip(layer.channels, layer.maps, strict=True)):
        left = _LABEL + place * (SIDE + _GAP)
        sheet.paste(_grey(values), (left, top))
        pen.text((left, top + SIDE + 1), f"{channel}", fill=_DIM, font_size=_NUMBER)


def _grey(values: NDArray[np.float32]) -> Image.Image:
    """A map in a square of the sheet's, its smallest value black and its largest white; a flat one is grey."""
    low, high = float(values.min()), float(values.max())
    shares = (values - low) / (high - low) if high > low else np.full_like(values, 0.5)
    image = Image.fromarray(np.rint(255 * shares).astype(np.uint8))
    scale = SIDE / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.NEAREST)


def _write(
    pen: ImageDraw.ImageDraw, text: str, place: tuple[int, int], width: int, size: int, ink: str, most: int = 4
) -> None:
    """Words in at most so many lines of a `width`."""
    font = ImageFont.load_default(size)
    for number, line in enumerate(broken([text], lambda line: font.getlength(line) <= width)[:most]):
        pen.text((place[0], place[1] + number * round(1.35 * size)), line, fill=ink, font=font)
