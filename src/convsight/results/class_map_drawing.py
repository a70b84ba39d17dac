"""Classes of pixels drawn over the image they are of, with their names."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.results.caption import enlarged
from convsight.results.legend import with_legend
from convsight.results.montage import montage
from convsight.results.pixel_colours import NO_COLOUR, UNKNOWN_COLOUR, Colour

if TYPE_CHECKING:
    from convsight.results.class_map import ClassMap

_TINT = 0.5  # of a class' colour over the image
_SIDE = 320  # px of the longer side, up to which an image is enlarged: names of classes need room
_NAMED = 12  # classes in a legend
_WRONG: Colour = (213, 20, 20)
_GAP = 4  # px between images


def draw_class_map(image: Image.Image, classes: "ClassMap") -> Image.Image:
    """`image` (RGB, of any size), enlarged where it is small, under the classes' colours, and a bar that names them."""
    shown = enlarged(image, _SIDE)
    return with_legend(tinted(shown, classes), _entries(classes))


def draw_disagreement(image: Image.Image, prediction: "ClassMap", target: "ClassMap") -> Image.Image:
    """`image` three times: under what was predicted, under what is true, and grey with red where the two differ."""
    shown = enlarged(image, _SIDE)
    said, true = (_on(each, shown.size) for each in (prediction, target))
    wrong = (said != true) & (true != target.ignore_index)
    grey = np.asarray(shown.convert("L"), np.float32)[:, :, None].repeat(3, axis=2)
    marked = np.where(wrong[:, :, None], _WRONG, grey * 0.8)
    parts = [tinted(shown, prediction), tinted(shown, target), Image.fromarray(np.rint(marked).astype(np.uint8))]
    drawn = Image.new("RGB", (3 * shown.width + 2 * _GAP, shown.height), "white")
    for place, part in enumerate(parts):
        drawn.paste(part, (place * (shown.width + _GAP), 0))
    of_both = dict([*_entries(target, shares=False), *_entries(prediction, shares=False)])
    known = target.indices != target.ignore_index
    share = (known & (prediction.indices != target.indices)).sum() / max(1, known.sum())
    return with_legend(drawn, [*of_both.items(), (_WRONG, f"wrong {share:.1%}")])


def tinted(image: Image.Image, classes: "ClassMap") -> Image.Image:
    """`image` under the colours of the classes of its pixels; those in black, as the background, as they are.

    Borders between classes are drawn in the full colour.
    """
    indices = _on(classes, image.size)
    table = _table(classes)
    pixels = np.asarray(image, np.float32)
    colours = table[indices]
    left = (colours == NO_COLOUR).all(axis=2)
    tint = np.where(_borders(indices), 1.0, _TINT)
    tint[left] = 0.0
    mixed = pixels * (1 - tint[:, :, None]) + colours * tint[:, :, None]
    return Image.fromarray(np.rint(mixed).astype(np.uint8))


def _on(classes: "ClassMap", size: tuple[int, int]) -> NDArray[Any]:
    """The indices of the map, or of a volume's montage, on an image of `size` (width, height): nearest."""
    flat = montage(classes.indices) if classes.indices.ndim == 3 else classes.indices
    width, height = size
    if flat.shape == (height, width):
        return flat
    rows, columns = (
        ((np.arange(pixels) + 0.5) * cells / pixels).astype(np.int64)
        for pixels, cells in ((height, flat.shape[0]), (width, flat.shape[1]))
    )
    found: NDArray[Any] = flat[rows[:, None], columns[None]]
    return found


def _table(classes: "ClassMap") -> NDArray[np.float32]:
    """A colour for every index that there is."""
    table = np.zeros((int(max(classes.indices.max(), classes.ignore_index)) + 1, 3), np.float32)
    table[: len(classes.colours)] = classes.colours
    table[classes.ignore_index] = UNKNOWN_COLOUR
    return table


def _borders(indices: NDArray[Any]) -> NDArray[np.bool_]:
    """Pixels of another class than the one to their right or below."""
    found = np.zeros(indices.shape, np.bool_)
    found[:, :-1] |= indices[:, :-1] != indices[:, 1:]
    found[:-1] |= indices[:-1] != indices[1:]
    return found


def _entries(classes: "ClassMap", *, shares: bool = True) -> list[tuple[Colour, str]]:
    """Colour and name, with its share if asked for, of the classes that occur, the largest first."""
    colours = dict(zip(classes.classes, classes.colours, strict=True))
    there = list(classes.shares.items())
    found = [(colours[name], f"{name} {share:.1%}" if shares else name) for name, share in there[:_NAMED]]
    if len(there) > _NAMED:
        found.append((NO_COLOUR, f"and {len(there) - _NAMED} more"))
    if classes.unknown > 0:
        found.append((UNKNOWN_COLOUR, "no class"))
    return found
