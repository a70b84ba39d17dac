"""Which classes the masks of a data set hold: by the file that names them, else by what masks hold."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from convsight.datasets.masks.known_palettes import CAMVID, VOC_NAMES, voc_colours
from convsight.datasets.masks.mask_error import MaskError
from convsight.datasets.masks.mask_file import Reading
from convsight.datasets.masks.palette_file import PaletteEntry, PaletteFile
from convsight.datasets.masks.readings import Colour, ColourReading, IndexReading, packed_colours, unpack
from convsight.datasets.threads import map_in_threads
from convsight.errors import UserError
from convsight.images import ImageError, RawValues, raw_values
from convsight.results import unknown_index, usual_colours
from convsight.spread import evenly
from convsight.words import counted, first_few

BINARY = ("background", "foreground")

_LOOKED_AT = 8  # masks that show whether they are in colour
_READERS = 4  # threads
_MOST = 256  # colours that may be classes, without a file that names them
_IGNORED = 255  # the number of no class that most tools write
_DEEP_IGNORED = 65_535  # and that of masks of 16 bits
_WHITE = 255  # of masks that are black and white


class MaskClasses(NamedTuple):
    """The names and colours of classes, how masks are read by them, and remarks on that."""

    names: tuple[str, ...]
    colours: tuple[Colour, ...]
    reading: Reading
    notes: tuple[str, ...] = ()
    named: bool = True


def classes_of(masks: Sequence[Path], palette: PaletteFile | None) -> MaskClasses:
    """The classes of `masks` by `palette`, or by the numbers or colours that all of them hold.

    Without a file that names classes, black and white (0 and 255, or 0 and 1) are background and foreground; any other
    number is a class called so, and any other colour one called by it (#404080); those of CamVid and Pascal VOC have
    their names. 255 is no class.

    Raises `UserError` where there are more colours than classes can be, or nothing can be read.
    """
    looked_at = [masks[place] for place in evenly(len(masks), _LOOKED_AT)]
    samples = [raw for file in looked_at if (raw := _read(file)) is not None]
    if not samples:
        raise UserError(f"{masks[0]}: no mask can be read; the first of {counted(len(masks), 'mask')} is this")
    coloured = any(raw.values.ndim == 3 and (raw.values != raw.values[:, :, :1]).any() for raw in samples)
    entries = palette.entries if palette else ()
    if not entries:
        return _by_content(masks, coloured, palette)
    assert palette is not None
    has_colours = all(each.colour is not None for each in entries if not each.ignored)
    if coloured and not has_colours:
        raise UserError(
            f"{palette.file} names classes without colours, but the masks are in colour, such as {looked_at[0]}; write "
            "red, green and blue beside each name"
        )
    if coloured or (has_colours and all(raw.palette is not None for raw in samples) and _known(samples, entries)):
        return _by_colours(palette)
    return _by_numbers(palette, samples)


def _read(file: Path) -> RawValues | None:
    try:
        return raw_values(file)
    except ImageError:
        return None


def _known(samples: Sequence[RawValues], entries: Sequence[PaletteEntry]) -> bool:
    """Whether the colours that indices of `samples` have are all among those of `entries`."""
    colours = {each.colour for each in entries}
    return all(unpack(code) in colours for raw in samples for code in np.unique(packed_colours(raw)).tolist())


def _by_colours(palette: PaletteFile) -> MaskClasses:
    classes = [each for each in palette.entries if not each.ignored]
    return _coloured(
        [(each.name, each.colour) for each in classes if each.colour is not None],
        frozenset(each.colour for each in palette.entries if each.ignored and each.colour is not None),
        palette.nearest,
        _ignored_notes(palette),
    )


def _coloured(
    classes: Sequence[tuple[str, Colour]],
    ignored: frozenset[Colour],
    nearest: bool,
    notes: tuple[str, ...],
    *,
    named: bool = True,
) -> MaskClasses:
    names, colours = tuple(name for name, _ in classes), tuple(colour for _, colour in classes)
    index = {colour: place for place, colour in enumerate(colours)}
    called = {colour: name for name, colour in classes}
    reading = ColourReading(index, called, unknown_index(len(names)), ignored - index.keys(), nearest)
    return MaskClasses(names, colours, reading, notes, named)


def _by_numbers(palette: PaletteFile, samples: Sequence[RawValues]) -> MaskClasses:
    entries = palette.entries
    numbered = [each if each.value is not None else each._replace(value=place) for place, each in enumerate(entries)]
    values = {each.value: each for each in numbered}
    if len(entries) == len(BINARY) and set(values) == {0, 1} and _black_and_white(samples):
        values = {0: values[0], _WHITE: values[1]}
    classes = [(value, each) for value, each in values.items() if not each.ignored and value not in palette.ignored]
    names = tuple(each.name for _, each in classes)
    unknown = unknown_index(len(names))
    index = {value: place for place, (value, _) in enumerate(classes) if value is not None}
    others = frozenset(value for value in values if value is not None and value not in index)
    ignored = palette.ignored | others | ({_IGNORED, _DEEP_IGNORED} - index.keys())
    colours = tuple(each.colour for _, each in classes if each.colour is not None)
    return MaskClasses(
        names,
        colours if len(colours) == len(names) else usual_colours(names),
        IndexReading(index, unknown, ignored, palette.nearest),
        _ignored_notes(palette),
    )


def _ignored_notes(palette: PaletteFile) -> tuple[str, ...]:
    ignored = [each.name for each in palette.entries if each.ignored]
    return (f"pixels of {first_few(ignored)} are of no class, by that name",) if ignored else ()


def _black_and_white(samples: Sequence[RawValues]) -> bool:
    seen = {value for raw in samples for value in np.unique(raw.values).tolist()}
    return _WHITE in seen and seen <= {0, _WHITE}


def _by_content(masks: Sequence[Path], coloured: bool, palette: PaletteFile | None) -> MaskClasses:
    nearest = bool(palette and palette.nearest)
    ignored = palette.ignored if palette else frozenset()
    seen: set[int] = set()
    for found in map_in_threads(_colours_in if coloured else _numbers_in, masks, _READERS):
        seen |= found
        if coloured and len(seen) > _MOST:
            raise MaskError(
                "smeared-masks",
                masks[0].parent,
                f"holds masks of more than {_MOST} colours, which are no classes: photos, or masks smeared by JPEG",
                "name the classes and their colours in a palette file such as class_dict.csv",
            )
    if not seen:
        raise UserError(f"{masks[0].parent}: no mask can be read; restore them")
    return _colour_classes(seen, nearest) if coloured else _number_classes(seen, nearest, ignored)


def _colours_in(file: Path) -> set[int]:
    raw = _read(file)
    return set() if raw is None else set(np.unique(packed_colours(raw)).tolist())


def _numbers_in(file: Path) -> set[int]:
    raw = _read(file)
    if raw is None or (raw.values.ndim == 3 and (raw.values != raw.values[:, :, :1]).any()):
        return set()  # whoever reads the mask will say what is wrong with it
    return set(np.unique(raw.values).tolist())


def _colour_classes(seen: set[int], nearest: bool) -> MaskClasses:
    colours = [unpack(code) for code in sorted(seen)]
    voc = dict(zip(VOC_NAMES, voc_colours(len(VOC_NAMES)), strict=True))
    for what, table, void in (("CamVid", CAMVID, (0, 0, 0)), ("Pascal VOC", voc, (224, 224, 192))):
        if set(colours) <= {*table.values(), void}:
            used = [(name, colour) for name, colour in table.items() if colour in colours and name != "Void"]
            words = f"no file names the classes of the colours; they are those of {what}"
            return _coloured(used, frozenset({void}), nearest, (words,))
    words = (
        "no file names the classes of the colours, so each is called by its colour; name them in class_dict.csv "
        "(name,r,g,b)"
    )
    return _coloured(
        [(f"#{code:06x}", unpack(code)) for code in sorted(seen)], frozenset(), nearest, (words,), named=False
    )


def _number_classes(seen: set[int], nearest: bool, ignored: frozenset[int]) -> MaskClasses:
    values = sorted(seen - ignored)
    if nearest or (set(values) <= {0, _WHITE} and _WHITE in values):
        reading = IndexReading({0: 0, _WHITE: 1}, unknown_index(2), ignored, nearest)
        return MaskClasses(BINARY, usual_colours(BINARY), reading)
    deep = any(_IGNORED < value < _DEEP_IGNORED for value in values)  # then 255 is a number like others
    ignored |= {_DEEP_IGNORED} if deep else {_IGNORED, _DEEP_IGNORED}
    values = [value for value in values if value not in ignored]
    if set(values) <= {0, 1}:
        reading = IndexReading({0: 0, 1: 1}, unknown_index(2), ignored, nearest)
        return MaskClasses(BINARY, usual_colours(BINARY), reading)
    names = tuple(str(value) for value in values)
    index = {value: place for place, value in enumerate(values) if value >= 0}
    words = "no file names the classes of the masks, so each is called by its number; name them in classes.txt"
    reading = IndexReading(index, unknown_index(len(names)), ignored, nearest)
    return MaskClasses(names, usual_colours(names), reading, (words,), named=False)
