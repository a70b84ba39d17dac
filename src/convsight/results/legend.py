"""Colours and what they mean, in a bar above an image."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from convsight.results.pixel_colours import Colour
from convsight.words import shortened

_GROUND, _INK = "#303030", "white"
_LONGEST = 28  # characters of a name
_SMALLEST, _LARGEST = 12, 24  # px, of letters


def with_legend(image: Image.Image, entries: Sequence[tuple[Colour, str]]) -> Image.Image:
    """An image (RGB) of `image` under a bar with a square of each colour and its words, in as many lines as it takes.

    >>> with_legend(Image.new("RGB", (200, 100)), [((230, 159, 0), "cat 12.0%")]).size
    (200, 120)
    """
    size = min(_LARGEST, max(_SMALLEST, image.width // 40))
    font, edge = ImageFont.load_default(size), size // 3
    places, across, line = [], edge, 0
    for colour, words in entries:
        text = shortened(words, _LONGEST)
        width = size + edge + round(font.getlength(text))
        if across > edge and across + width > image.width:
            across, line = edge, line + 1
        places.append((across, line, colour, text))
        across += width + size
    step = size + 2 * edge
    bar = step * (line + 1)
    drawn = Image.new("RGB", (image.width, image.height + bar), _GROUND)
    drawn.paste(image, (0, bar))
    pen = ImageDraw.Draw(drawn)
    for across, line, colour, text in places:
        top = line * step + edge
        pen.rectangle((across, top, across + size - 1, top + size - 1), fill=colour, outline=_INK)
        pen.text((across + size + edge, top), text, fill=_INK, font=font)
    return drawn
