"""Boxes with their words, drawn on an image so that both can be read."""

from collections.abc import Sequence

from PIL import Image, ImageColor, ImageDraw

Corners = tuple[float, float, float, float]

# Of equal lightness and far apart in hue, beginning with those that colour-blind people tell apart.
_COLOURS = (
    "#e69f00",
    "#56b4e9",
    "#009e73",
    "#f0e442",
    "#0072b2",
    "#d55e00",
    "#cc79a7",
    "#8dd3c7",
    "#bebada",
    "#fb8072",
)


def draw_boxes(image: Image.Image, boxes: Sequence[tuple[Corners, str]], colours: Sequence[int]) -> Image.Image:
    """A copy of `image` (RGB) with each box and its words in the colour of that number; the surest boxes on top."""
    drawn = image.copy()
    pen = ImageDraw.Draw(drawn)
    side = min(drawn.size)
    line, size = max(1, side // 200), max(9, side // 32)
    for (corners, words), number in reversed(list(zip(boxes, colours, strict=True))):
        colour = colour_of(number)
        pen.rectangle(corners, outline=colour, width=line)
        _, _, right, bottom = pen.textbbox((0, 0), words, font_size=size)
        # Above the box, or inside it where there is no room.
        above = corners[1] - bottom - 2
        place = (max(0, min(corners[0], drawn.width - right - 4)), above if above >= 0 else corners[1])
        pen.rectangle((place[0], place[1], place[0] + right + 4, place[1] + bottom + 2), fill=colour)
        pen.text((place[0] + 2, place[1]), words, fill=_ink(colour), font_size=size)
    return drawn


def colour_of(number: int) -> str:
    """The colour of things with that number, such as `#e69f00`; there are ten, which then come again."""
    return _COLOURS[number % len(_COLOURS)]


def _ink(colour: str) -> str:
    red, green, blue = ImageColor.getrgb(colour)[:3]
    return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 110 else "white"
