"""Panoptic maps drawn over the image they are of: each thing in a colour of its own, stuff in that of its class."""

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageColor

from convsight.results.caption import enlarged
from convsight.results.drawing import colour_of
from convsight.results.legend import with_legend
from convsight.results.mask_drawing import rim
from convsight.results.pixel_colours import Colour

if TYPE_CHECKING:
    from convsight.results.panoptic_map import PanopticMap

_TINT = 0.45  # of a segment's colour over the image
_NAMED = 12  # classes in a legend
_GAP = 4  # px between images


def draw_panoptic(image: Image.Image, found: "PanopticMap") -> Image.Image:
    """`image` (RGB, of any size), enlarged where it is small, under its segments and a bar that names their classes."""
    shown = enlarged(image)
    return with_legend(tinted(shown, found), _legend(found))


def draw_panoptic_mistakes(image: Image.Image, prediction: "PanopticMap", target: "PanopticMap") -> Image.Image:
    """`image` twice: under what was predicted, and under what is true."""
    shown = enlarged(image)
    drawn = Image.new("RGB", (2 * shown.width + _GAP, shown.height), "white")
    for place, each in enumerate((prediction, target)):
        drawn.paste(tinted(shown, each), (place * (shown.width + _GAP), 0))
    return with_legend(drawn, list(dict.fromkeys([*_legend(prediction), *_legend(target)])))


def tinted(image: Image.Image, found: "PanopticMap") -> Image.Image:
    """`image` under the colours of segments; rims of things in the full colour; stuff in black as it is."""
    placed = found.on((image.width, image.height))
    pixels = np.asarray(image.convert("RGB"), np.float32).copy()
    things = 0
    for mask, label, thing in zip(placed.masks, placed.labels.tolist(), placed.is_thing.tolist(), strict=True):
        colour = np.array(_thing_colour(things) if thing else found.colours[label], np.float32)
        things += thing
        if not (thing or colour.any()):
            continue
        part = pixels[mask.place]
        part[mask.pixels] += (colour - part[mask.pixels]) * _TINT
        if thing:
            part[rim(mask.pixels, max(1, min(image.size) // 400))] = colour
    return Image.fromarray(np.rint(pixels).astype(np.uint8))


def _thing_colour(number: int) -> Colour:
    red, green, blue = ImageColor.getrgb(colour_of(number))[:3]
    return red, green, blue


def _legend(found: "PanopticMap") -> list[tuple[Colour, str]]:
    """The classes that occur, the largest first: things by how many there are, stuff by its name."""
    areas = np.bincount(found.labels, found.areas, len(found.classes))
    counts = np.bincount(found.labels, minlength=len(found.classes))
    order = [int(k) for k in np.argsort(-areas, kind="stable") if areas[k]][:_NAMED]
    return [
        (found.colours[k], f"{counts[k]} {found.classes[k]}" if found.things[k] else found.classes[k]) for k in order
    ]
