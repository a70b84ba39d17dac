"""What is wrong with masks: every one is read once, and those that cannot be used are named with what is wrong."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.dataset import Dataset, Split
from convsight.datasets.finding import Entry, Finding, ImageName, Level
from convsight.datasets.masks.mask_error import MaskError
from convsight.datasets.masks.mask_file import is_ambiguous
from convsight.datasets.threads import map_in_threads
from convsight.errors import UserError
from convsight.results import Boxes, ClassMap, ClassMaps, InstanceLists, PanopticMap, PanopticMaps
from convsight.results.masks import masks_of
from convsight.words import counted

RARE = 0.001  # of all pixels that have a class: a class of less is hardly there
FRAGMENT = 0.1  # of a thing's pixels: parts from that size on that lie apart were cut by another thing
_SPECK = 4  # px; smaller things say little
_CHUNK = 16  # masks a thread takes at a time

_WORDS = {
    "masks-of-another-size": "of another size than their images",
    "ids-outside-the-classes": "with numbers that no class has",
    "colours-outside-the-palette": "with colours that the palette lacks",
    "smeared-masks": "whose classes are smeared, as JPEG leaves them",
    "pictures-without-mask": "missing: images without one",
    "masks-in-colour": "in colour, where others hold a number a pixel",
    "images-without-georeference": "without a place on their images, which say not where on Earth they lie",
    "unreadable-masks": "that cannot be read",
}


@dataclass(frozen=True)
class _Seen:
    """What is known of one mask: what is wrong with it, or its pixels by class and what is odd about its things."""

    error: UserError | None = None
    pixels: NDArray[np.int64] | None = None
    unknown: int = 0
    things: int = 0
    specks: int = 0
    parted: int = 0
    overlapping: int = 0


def has_masks(dataset: Dataset) -> bool:
    """Whether the targets of `dataset` are read from masks."""
    kinds = ClassMaps | InstanceLists | PanopticMaps
    return all(isinstance(split.targets, kinds) for split in dataset.splits.values())


def sound_masks(
    dataset: Dataset, workers: int, progress: Callable[[int], object]
) -> tuple[Dataset | None, tuple[Finding, ...]]:
    """`dataset` without the examples whose masks cannot be used, and what was found; None where none is left."""
    seen = {name: _looked_at(split, workers, progress) for name, split in dataset.splits.items()}
    findings = (*_faults(dataset, seen), *_content(dataset, seen), *_turned(dataset))
    splits = {}
    for name, split in dataset.splits.items():
        wrong = [row for row, each in enumerate(seen[name]) if each.error is not None]
        if len(wrong) < len(split):
            splits[name] = split.without(wrong)
    return (replace(dataset, splits=splits) if splits else None), findings


def _looked_at(split: Split, workers: int, progress: Callable[[int], object]) -> list[_Seen]:
    def look(rows: range) -> list[_Seen]:
        return [_look(split.targets, row) for row in rows]

    chunks = (range(start, min(start + _CHUNK, len(split))) for start in range(0, len(split), _CHUNK))
    found: list[_Seen] = []
    for part in map_in_threads(look, chunks, workers):
        found += part
        progress(len(part))
    return found


def _look(targets: Any, row: int) -> _Seen:
    try:
        target = targets[row]
    except (UserError, ValueError) as error:
        return _Seen(error=error if isinstance(error, UserError) else UserError(str(error)))
    if isinstance(target, ClassMap):
        return _Seen(pixels=target.counts, unknown=target.indices.size - int(target.counts.sum()))
    if isinstance(target, PanopticMap):
        labels = target.class_of_pixels(len(target.classes))
        pixels = np.bincount(labels.reshape(-1), minlength=len(target.classes) + 1)
        return replace(_things(target.instances()), pixels=pixels[:-1], unknown=int(pixels[-1]))
    assert isinstance(target, Boxes)
    return _things(target)


def _things(boxes: Boxes) -> _Seen:
    from scipy.ndimage import label  # noqa: PLC0415 -- its import takes a while

    masks = masks_of(boxes.columns["mask"], boxes.size)
    parted = 0
    for mask in masks:
        _, parts = label(mask.pixels, np.ones((3, 3)))
        if parts > 1:
            sizes = np.bincount(label(mask.pixels, np.ones((3, 3)))[0].reshape(-1))[1:]
            parted += int((sizes >= FRAGMENT * mask.area).sum() > 1)
    covered = np.zeros(boxes.size[::-1], np.int32)
    for mask in masks:
        covered[mask.place] += mask.pixels
    return _Seen(
        things=len(masks),
        specks=sum(mask.area < _SPECK for mask in masks),
        parted=parted,
        overlapping=int((covered > 1).sum()),
    )


def _faults(dataset: Dataset, seen: dict[str, list[_Seen]]) -> Iterator[Finding]:
    """A finding for each kind of fault, with every mask that has it."""
    by_kind: dict[str, list[Entry]] = {}
    for name, split in dataset.splits.items():
        for row, each in enumerate(seen[name]):
            if each.error is not None:
                kind = each.error.kind if isinstance(each.error, MaskError) else "unreadable-masks"
                entry = Entry((ImageName(name, split.names[row], ""),), str(each.error))
                by_kind.setdefault(kind, []).append(entry)
    for kind, entries in by_kind.items():
        yield Finding(kind, "wrong", f"{counted(len(entries), 'mask')} {_WORDS.get(kind, 'wrong')}", tuple(entries))


def _content(dataset: Dataset, seen: dict[str, list[_Seen]]) -> Iterator[Finding]:
    names = {name: [ImageName(name, each, "") for each in split.names] for name, split in dataset.splits.items()}
    rows = [(names[name][row], each) for name in seen for row, each in enumerate(seen[name]) if each.error is None]
    empty = [image for image, each in rows if each.pixels is not None and not each.pixels.any()]
    yield from _named("empty-masks", "suspicion", "{} without a pixel of any class: nothing is learnt of them", empty)
    nothing = [image for image, each in rows if each.pixels is None and not each.things]
    yield from _named("images-without-things", "remark", "{} without a thing: background alone", nothing)
    yield from _rare(dataset, [each for _, each in rows])
    for kind, words, counts in (
        ("specks", f"things of less than {_SPECK} px: a resize leaves nothing of them", [e.specks for _, e in rows]),
        (
            "parted-things",
            "things in several parts: cut by what lies over them, or two under one number",
            [e.parted for _, e in rows],
        ),
        (
            "overlapping-things",
            "pixels that several things have: formats with a number a pixel keep one",
            [e.overlapping for _, e in rows],
        ),
    ):
        odd = [(image, count) for (image, _), count in zip(rows, counts, strict=True) if count]
        if odd:
            entries = tuple(Entry((image,), f"{count:,}") for image, count in odd)
            yield Finding(kind, "remark", f"{sum(count for _, count in odd):,} {words}", entries)


def _named(kind: str, level: Level, words: str, images: Sequence[ImageName]) -> Iterator[Finding]:
    if images:
        entries = tuple(Entry((image,)) for image in images)
        yield Finding(kind, level, words.format(counted(len(images), "image")), entries)


def _rare(dataset: Dataset, seen: Sequence[_Seen]) -> Iterator[Finding]:
    """Classes of few pixels, one class alone, and pixels of none."""
    counts = [each.pixels for each in seen if each.pixels is not None]
    if not counts:
        return
    pixels = np.sum(counts, axis=0)
    total, unknown = int(pixels.sum()), sum(each.unknown for each in seen)
    there = [name for name, count in zip(dataset.target.names, pixels.tolist(), strict=True) if count]
    if len(there) == 1:
        words = f"one class only: all pixels are {there[0]!r}, so there is nothing to tell it from"
        yield Finding("one-class", "wrong", words, ())
    rare = [
        Entry(note=f"{name}: {count / total:.3%} of the pixels")
        for name, count in zip(dataset.target.names, pixels.tolist(), strict=True)
        if 0 < count < RARE * total
    ]
    if rare:
        words = f"{counted(len(rare), 'class', 'es')} hardly there, of less than {RARE:.1%} of the pixels"
        yield Finding("rare-classes", "remark", f"{words}: weigh them, or judge by class", tuple(rare))
    absent = [Entry(note=name) for name, count in zip(dataset.target.names, pixels.tolist(), strict=True) if not count]
    if absent:
        words = f"{counted(len(absent), 'class', 'es')} that no pixel has"
        yield Finding("absent-classes", "remark", words, tuple(absent))
    if unknown:
        share = unknown / (unknown + total)
        yield Finding("pixels-without-class", "remark", f"{share:.1%} of all pixels are of no class", ())


def _turned(dataset: Dataset) -> Iterator[Finding]:
    """Images turned by EXIF of which nobody can tell whether their masks were drawn on them so."""
    odd = [
        ImageName(name, split.names[row], "")
        for name, split in dataset.splits.items()
        for row, image in enumerate(split.images)
        if isinstance(image, Path) and is_ambiguous(image)
    ]
    words = (
        "{} turned by EXIF whose masks would fit as they are stored, too: taken as drawn on what is seen; look whether "
        "they lie right"
    )
    yield from _named("turned-images", "suspicion", words, odd)
