"""A map over its picture, with the scale of its colours; the map alone; several side by side."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from convsight.results.caption import enlarged, with_caption

MOST = 2048  # pixels of the longer side of what is drawn: a map tells nothing finer, and nobody's screen shows more
PANEL = 512  # the same, of one of several side by side
_ROWS = 256  # of a map, whose levels are found at once
_ROW = 4  # so many stand side by side
_GAP = 8  # pixels between them
_GROUND = "#303030"  # of captions too
_STRENGTH = 0.75  # of the colours over the picture, where the map is largest
_RISE = 0.7  # how fast they come: below 1 what is small is seen too
_HATCH = 12  # pixels from line to line where nothing was seen
_LEAST_WIDTH = 200  # pixels: beside less no number has room
# Levels: what was not seen; the ends of the scale and its middle, which is nothing where it has a sign.
_NOTHING, _LOWEST, _MIDDLE, _HIGHEST = 0, 1, 128, 255
# From nothing to most important: violet, blue, green, yellow; lightness rises too, for those who tell no hues apart.
_RISING = np.array([(68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37)], np.float64)
# From what speaks against to what speaks for: blue, white, red, which the colour-blind tell apart.
_SIGNED = np.array([(33, 102, 172), (146, 197, 222), (247, 247, 247), (244, 165, 130), (178, 24, 43)], np.float64)

Values = NDArray[np.float64]
Levels = NDArray[np.uint8]


def levels_of(values: Values, signed: bool, end: float) -> Levels:
    """Each value of a map on a scale of 1 to 255, 0 where it is NaN: nothing was seen.

    255 is `end` and more; 1 is nothing, or with a sign as much against, and 128 nothing.

    >>> levels_of(np.array([[-1.0, 0.0, 2.0, np.nan]]), signed=True, end=2.0).tolist()
    [[65, 128, 255, 0]]
    >>> levels_of(np.array([[0.0, 1.0, 2.0]]), signed=False, end=1.0).tolist()
    [[1, 255, 255]]
    """
    found = np.empty(values.shape, np.uint8)
    for start in range(
        0, len(values), _ROWS
    ):  # of a large picture a part at a time, since each is copied several times
        part = np.s_[start : start + _ROWS]
        found[part] = _levels(values[part], signed, end)
    return found


def largest_of(values: Values) -> float:
    """The largest absolute value of a map; 0 where nothing was seen."""
    return max(float(np.nanmax(values, initial=0.0)), -float(np.nanmin(values, initial=0.0)))


def _levels(values: Values, signed: bool, end: float) -> Levels:
    shares = values / (end or 1.0)
    shares = shares * (_HIGHEST - _MIDDLE) + _MIDDLE if signed else shares * (_HIGHEST - _LOWEST) + _LOWEST
    rounded = np.floor(np.clip(shares, _LOWEST, _HIGHEST) + 0.5)
    return np.nan_to_num(rounded, copy=False, nan=_NOTHING).astype(np.uint8)


def map_image(values: Values, signed: bool, end: float) -> Image.Image:
    """The map (height, width) alone: the `levels_of` it, with their colours as a palette; what is 0 is transparent."""
    found = Image.fromarray(levels_of(values, signed, end)).convert("P")
    found.putpalette(_palette(signed).tobytes())
    found.info["transparency"] = _NOTHING
    return found


def draw_map(
    image: Image.Image, values: Values, signed: bool, end: float, words: Sequence[str], most: int = MOST
) -> Image.Image:
    """`image` (RGB), in grey, under a map (height, width) of its size, with `words` above and the scale to `end` below.

    Where the map is large its colours cover the picture; where it is NaN the picture is dark and hatched, which is
    said. The longer side is reduced to at most `most` pixels; small pictures are enlarged, see `with_caption`.
    """
    size = _within(image.size, most)
    rows, columns = (np.arange(new) * old // new for new, old in zip(size[::-1], values.shape, strict=True))
    levels = Image.fromarray(levels_of(values[np.ix_(rows, columns)], signed, end))
    grey = np.asarray(enlarged(image.convert("L").resize(size, Image.Resampling.LANCZOS)))
    shown = np.asarray(enlarged(levels))
    over = _colours_over(signed)[shown, grey]
    down, right = map(np.arange, shown.shape)
    hatched = (shown == _NOTHING) & ((down[:, None] + right) % _HATCH < _HATCH // 6)
    over[hatched] = 150
    largest = largest_of(values)
    notes = ["hatched: not seen by the network"] if (shown == _NOTHING).any() else []
    notes += ["the same everywhere"] if largest == 0 else []
    more = " and more" if largest > end else ""
    return with_caption(_with_scale(Image.fromarray(over), end, signed, more), [*words, *notes])


def overlaid(image: Image.Image, values: Values, signed: bool, end: float) -> Image.Image:
    """`image`, in grey, under a map (height, width) of its size whose scale goes to `end`: its colours alone."""
    grey = np.asarray(image.convert("L"))
    return Image.fromarray(_colours_over(signed)[levels_of(values, signed, end), grey])


def draw_sheet(panels: Sequence[Image.Image]) -> Image.Image:
    """`panels` side by side, at most four a row, with their upper edges in line."""
    columns = min(_ROW, len(panels))
    rows = [panels[start : start + columns] for start in range(0, len(panels), columns)]
    width = max(panel.width for panel in panels) + _GAP
    heights = [max(panel.height for panel in row) + _GAP for row in rows]
    drawn = Image.new("RGB", (_GAP + columns * width, _GAP + sum(heights)), "#707070")
    for number, row in enumerate(rows):
        for column, panel in enumerate(row):
            drawn.paste(panel, (_GAP + column * width, _GAP + sum(heights[:number])))
    return drawn


def panel(image: Image.Image, words: Sequence[str]) -> Image.Image:
    """`image` of the size it has beside maps on a sheet, with `words` above it."""
    return with_caption(image.resize(_within(image.size, PANEL), Image.Resampling.LANCZOS), words)


def _within(size: tuple[int, int], most: int) -> tuple[int, int]:
    """`size` (width, height), reduced until the longer side has at most `most` pixels.

    >>> _within((6000, 4000), 600), _within((28, 28), 600)
    ((600, 400), (28, 28))
    """
    share = min(1.0, most / max(size))
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))


def _palette(signed: bool) -> Levels:
    """The colour (256, 3) of each level; of what was not seen grey."""
    table = _SIGNED if signed else _RISING
    places = np.linspace(0, len(table) - 1, _HIGHEST - _LOWEST + 1)
    colours = [np.interp(places, np.arange(len(table)), table[:, channel]) for channel in range(3)]
    return np.concatenate([np.full((1, 3), 128, np.uint8), np.rint(np.stack(colours, axis=1)).astype(np.uint8)])


def _colours_over(signed: bool) -> Levels:
    """What is seen (256, 256, 3) of each level over each grey."""
    levels, greys = np.arange(256, dtype=np.float64), np.arange(256, dtype=np.float64)
    shares = np.abs(levels - _MIDDLE) / (_HIGHEST - _MIDDLE) if signed else (levels - _LOWEST) / (_HIGHEST - _LOWEST)
    weights = (_STRENGTH * np.clip(shares, 0, 1) ** _RISE)[:, None, None]
    seen = greys[None, :, None] * (1 - weights) + _palette(signed)[:, None, :] * weights
    seen[_NOTHING] = greys[:, None] / 3
    return np.rint(seen).astype(np.uint8)


def _with_scale(over: Image.Image, end: float, signed: bool, more: str) -> Image.Image:
    """`over` with a bar below it: its colours over a middle grey, and what its ends and its middle mean."""
    width = max(over.width, _LEAST_WIDTH)
    size = max(12, min(width, over.height) // 32)
    edge, font = size // 2, ImageFont.load_default(size)
    below = over.height + edge
    drawn = Image.new("RGB", (width, below + 3 * size), _GROUND)
    drawn.paste(over, ((width - over.width) // 2, 0))
    levels = np.rint(np.linspace(_LOWEST, _HIGHEST, width - 2 * edge)).astype(np.uint8)
    bar = np.broadcast_to(_colours_over(signed)[levels, 128], (size, len(levels), 3))
    drawn.paste(Image.fromarray(np.ascontiguousarray(bar)), (edge, below))
    pen, line = ImageDraw.Draw(drawn), below + size + size // 3
    first, middle = (f"{-end:.2g}{more} against", "0") if signed else ("0", f"{end / 2:.2g}")
    last = f"for {end:.2g}{more}" if signed else f"{end:.2g}{more}"
    for place, anchor, text in ((edge, "la", first), (width // 2, "ma", middle), (width - edge, "ra", last)):
        pen.text((place, line), text, fill="white", font=font, anchor=anchor)
    return drawn
