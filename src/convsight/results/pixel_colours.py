"""Colours of classes in masks: one a class, told apart by people who see fewer colours too; none for the background."""

import colorsys
from collections.abc import Sequence

from PIL import ImageColor

from convsight.results.drawing import colour_of

Colour = tuple[int, int, int]  # red, green, blue

NO_COLOUR: Colour = (0, 0, 0)  # the background's in the masks of Pascal VOC: nothing is drawn over the image there
UNKNOWN_COLOUR: Colour = (224, 224, 192)  # of pixels without a class, as in Pascal VOC's masks
_BACKGROUNDS = frozenset({"background", "_background_", "bg"})
_FIRST = 10  # colours of `drawing`, which people tell apart best
_TURN = 0.618034  # of the circle of hues, from one class to the next: the golden ratio, which never comes back


def usual_colours(names: Sequence[str]) -> tuple[Colour, ...]:
    """A colour for each of the classes called `names`, where their data give none.

    >>> usual_colours(("background", "cat"))
    ((0, 0, 0), (230, 159, 0))
    """
    coloured = iter(range(len(names)))
    return tuple(NO_COLOUR if name.lower() in _BACKGROUNDS else _numbered(next(coloured)) for name in names)


def _numbered(number: int) -> Colour:
    if number < _FIRST:
        red, green, blue = ImageColor.getrgb(colour_of(number))[:3]
        return red, green, blue
    turn, ring = number - _FIRST, (number - _FIRST) // 7 % 3
    found = colorsys.hsv_to_rgb(turn * _TURN % 1, 0.45 + 0.25 * ring, 0.95 - 0.2 * ring)
    red, green, blue = (round(255 * share) for share in found)
    return red, green, blue
