"""Segments drawn over the image they are of: stuff in the colour of its class, things in shades of it."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.results.caption import enlarged
from convsight.results.legend import with_legend
from convsight.results.pixel_colours import UNKNOWN_COLOUR, Colour, usual_colours

if TYPE_CHECKING:
    from convsight.results.panoptic_map import PanopticMap

_TINT = 0.55  # of a segment's colour over the image
_SHADES = (1.0, 0.72, 1.25, 0.86, 1.12)  # of a class' colour, one thing after the other
_NAMED = 12  # classes in a legend


def draw_panoptic(image: Image.Image, found: "PanopticMap") -> Image.Image:
    """`image` (RGB, of any size), enlarged where it is small, under its segments and a bar with their classes."""
    shown = enlarged(image)
    ids = _on(found.ids, shown.size)
    colours = _table(found)[ids]
    tint = np.where(_borders(ids), 1.0, np.where(ids > 0, _TINT, 0.0))[:, :, None]
    mixed = np.asarray(shown.convert("RGB"), np.float32) * (1 - tint) + colours * tint
    return with_legend(Image.fromarray(np.rint(mixed).astype(np.uint8)), _entries(found))


def _table(found: "PanopticMap") -> NDArray[np.float32]:
    """A colour for every id up to the largest."""
    table = np.zeros((int(found.ids.max()) + 1, 3), np.float32)
    table[0] = UNKNOWN_COLOUR
    usual = usual_colours(found.classes)
    met: dict[int, int] = {}
    for number, label in zip(found.numbers.tolist(), found.labels.tolist(), strict=True):
        count = met[label] = met.get(label, -1) + 1
        shade = _SHADES[count % len(_SHADES)] if found.things[label] else 1.0
        table[number] = np.clip(np.array(usual[label]) * shade, 0, 255)
    return table


def _on(ids: NDArray[np.int32], size: tuple[int, int]) -> NDArray[np.int32]:
    """The segments on an image of `size` (width, height): nearest pixels."""
    rows, columns = (
        ((np.arange(pixels) + 0.5) * cells / pixels).astype(np.int64)
        for pixels, cells in ((size[1], ids.shape[0]), (size[0], ids.shape[1]))
    )
    found: NDArray[np.int32] = ids[rows[:, None], columns[None]]
    return found


def _borders(ids: NDArray[np.int32]) -> NDArray[np.bool_]:
    found = np.zeros(ids.shape, np.bool_)
    found[:, :-1] |= ids[:, :-1] != ids[:, 1:]
    found[:-1] |= ids[:-1] != ids[1:]
    return found


def _entries(found: "PanopticMap") -> list[tuple[Colour, str]]:
    usual = usual_colours(found.classes)
    pixels: dict[str, int] = {}
    for segment in found.segments:
        pixels[segment.name] = pixels.get(segment.name, 0) + segment.area
    largest = sorted(pixels, key=lambda name: -pixels[name])[:_NAMED]
    entries = [(usual[found.classes.index(name)], f"{name} {pixels[name] / found.ids.size:.1%}") for name in largest]
    return entries + ([(UNKNOWN_COLOUR, "no segment")] if (found.ids == 0).any() else [])
