"""What is wrong with boxes: mended, left out or refused, and reported with the image, the place and the value."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from convsight.datasets.boxes.annotated import Annotated, AnnotatedBox
from convsight.datasets.finding import Entry, Finding, ImageName, Level
from convsight.errors import UserError
from convsight.results import Boxes
from convsight.results.boxes import Flags, Floats, Indices, area
from convsight.words import counted

OVERHANG = 1.0  # px over the edge that rounding explains
_FRACTION_OVER = 0.05  # by which fractions pass the edge
_FRACTION_SIDE = 4  # px; in smaller images a pixel may be a box
TINY = 0.01  # of the image's longer side


class Checked(NamedTuple):
    """The boxes of each image that can be used, what was found, and remarks on what was changed.

    `kept` are the positions of those boxes among all of their image.
    """

    lists: list[Boxes]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    kept: list[Indices]


@dataclass(frozen=True, eq=False)
class _Columns:
    """All boxes of all images: arrays (boxes, ...), and `rows`, the image of each."""

    images: Sequence[Annotated]
    drawn: list[AnnotatedBox]
    rows: Indices
    xyxy: Floats
    limits: Floats  # (boxes, 4): width, height, width, height of the image

    @classmethod
    def of(cls, images: Sequence[Annotated]) -> "_Columns":
        drawn = [box for image in images for box in image.boxes]
        rows = np.repeat(np.arange(len(images)), [len(image.boxes) for image in images])
        xyxy = np.array([box.xyxy for box in drawn], np.float64).reshape(-1, 4)
        sizes = np.array([_size(image) for image in images], np.float64).reshape(-1, 2)
        return cls(images, drawn, rows, xyxy, np.tile(sizes, 2)[rows])

    def finding(self, kind: str, level: Level, words: str, chosen: Flags) -> Iterator[Finding]:
        """That `chosen` boxes are as `words` say, if there are any."""
        if chosen.any():
            entries = tuple(self._entry(int(index)) for index in np.flatnonzero(chosen))
            yield Finding(kind, level, f"{counted(len(entries), 'box', 'es')} {words}", entries)

    def _entry(self, index: int) -> Entry:
        image, box = self.images[self.rows[index]], self.drawn[index]
        return Entry((ImageName(image.split, image.name, box.label),), f"{box.place}: {box_in_words(box)}")


def checked_boxes(images: Sequence[Annotated], classes: tuple[str, ...]) -> Checked:
    """The boxes of `images`, all of `classes`, with what is wrong mended or left out.

    - Corners in the wrong order are put right.
    - A box wholly outside its image is left out; one that reaches over the edge is clipped, which is reported where it
      does so by more than a pixel.
    - A box without width or height, or of an image whose size nobody knows, is left out.
    - A box that is there twice, or is tiny (a side under 0.01 of the image's longer one), stays and is reported.
    - An image whose size is not the stated one is reported: its boxes may be those of another.

    Raises `UserError` for a number that is NaN or infinite, and where all boxes are fractions of their images' sides.
    """
    columns = _Columns.of(images)
    _check_finite(columns)
    _check_pixels(columns)
    ordered, limits = _ordered(columns.xyxy), columns.limits
    clipped = np.clip(ordered, 0, limits)
    known: Flags = limits[:, 0] > 0
    swapped: Flags = (columns.xyxy != ordered).any(axis=1) & known
    empty = _empty(ordered) & known
    outside = _empty(clipped) & ~empty & known
    usable = known & ~empty & ~outside
    over: Flags = (np.abs(ordered - clipped) > OVERHANG).any(axis=1) & usable
    changes = (
        *columns.finding("swapped-corners", "suspicion", "with corners in the wrong order: put right", swapped),
        *columns.finding("boxes-without-picture", "suspicion", "of an image of unknown size: left out", ~known),
        *columns.finding("empty-boxes", "suspicion", "without width or height: left out", empty),
        *columns.finding("boxes-outside", "suspicion", "outside of their image: left out", outside),
        *columns.finding("boxes-over-the-edge", "suspicion", "over the edge by more than a pixel: clipped", over),
        *_nothing_to_find(columns, usable),
        *_other_sizes(images),
    )
    labels = _labels(columns, classes)
    lists = _lists(columns, clipped, labels, usable, classes)
    findings = (*changes, *_remarks(columns, clipped, labels, usable))
    ends = np.searchsorted(columns.rows, np.arange(len(images) + 1))
    kept = [np.flatnonzero(usable[start:end]) for start, end in pairwise(ends.tolist())]
    return Checked(lists, findings, tuple(change.brief for change in changes), kept)


def box_in_words(box: AnnotatedBox) -> str:
    """A box in words: its class and corners.

    >>> box_in_words(AnnotatedBox("line 1", "cat", (0.5, 1, 20, 30)))
    'cat (0.5, 1, 20, 30)'
    """
    return f"{box.label} ({', '.join(f'{side:.6g}' for side in box.xyxy)})"


def _ordered(xyxy: Floats) -> Floats:
    """The same boxes with left before right and top before bottom."""
    one, two = xyxy[:, :2], xyxy[:, 2:]
    return np.concatenate([np.minimum(one, two), np.maximum(one, two)], axis=1)


def _empty(xyxy: Floats) -> Flags:
    return np.asarray((xyxy[:, 2:] <= xyxy[:, :2]).any(axis=1))


def _size(image: Annotated) -> tuple[int, int]:
    """What boxes are checked against; (0, 0) where nothing is known, so that none is used."""
    return image.size or image.stated or (0, 0)


def _check_finite(columns: _Columns) -> None:
    wrong = np.flatnonzero(~np.isfinite(columns.xyxy).all(axis=1))
    if len(wrong):
        image, box = columns.images[columns.rows[wrong[0]]], columns.drawn[wrong[0]]
        raise UserError(
            f"{image.origin}, {box.place}: {box_in_words(box)} on {image.name} is no box (as are "
            f"{len(wrong) - 1:,} more); correct its numbers or remove it"
        )


def _check_pixels(columns: _Columns) -> None:
    """All boxes within the first pixel of images that have more: fractions of the sides."""
    within = np.asarray(((columns.xyxy >= -_FRACTION_OVER) & (columns.xyxy <= 1 + _FRACTION_OVER)).all(axis=1))
    if len(within) and within.all() and (columns.limits > _FRACTION_SIDE).all() and (columns.xyxy % 1 != 0).any():
        image, box = columns.images[columns.rows[0]], columns.drawn[0]
        raise UserError(
            f"{image.origin}, {box.place}: {box_in_words(box)}, as all of {counted(len(within), 'box', 'es')}, lies "
            f"between 0 and 1, so these are fractions of the image; they count as pixels here. Multiply them by its "
            "width and height, or give them in a format that has fractions: YOLO, Open Images, FiftyOne"
        )


def _nothing_to_find(columns: _Columns, usable: Flags) -> Iterator[Finding]:
    marked = np.array([box.crowd or box.difficult for box in columns.drawn], np.bool_)
    if usable.any() and marked[usable].all():
        words = (
            f"all of {counted(int(usable.sum()), 'box', 'es')} are marked as crowds (COCO's iscrowd) or as difficult "
            "(VOC), which nobody need find: nothing can be learnt from them, nor judged by them"
        )
        yield Finding("nothing-to-find", "wrong", words, ())


def _other_sizes(images: Sequence[Annotated]) -> Iterator[Finding]:
    entries = tuple(
        Entry((ImageName(each.split, each.name, ""),), f"is {_by(each.size)}, but {_by(each.stated)} is stated")
        for each in images
        if each.size and each.stated and each.size != each.stated
    )
    if entries:
        words = (
            f"{counted(len(entries), 'image')} not of the size that is stated with the boxes, which may then lie "
            "elsewhere: an image resized since, or turned by its EXIF orientation"
        )
        yield Finding("other-size", "wrong", words, entries)


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]} px"


def _labels(columns: _Columns, classes: tuple[str, ...]) -> Indices:
    index = {name: position for position, name in enumerate(classes)}
    return np.array([index[box.label] for box in columns.drawn], np.int64)


def _lists(columns: _Columns, xyxy: Floats, labels: Indices, usable: Flags, classes: tuple[str, ...]) -> list[Boxes]:
    """The usable boxes of each image, in the order of the images."""
    drawn = columns.drawn
    crowd = np.array([box.crowd for box in drawn], np.bool_)
    difficult = np.array([box.difficult for box in drawn], np.bool_)
    stated = np.array([np.nan if box.area is None else box.area for box in drawn], np.float64)
    areas = np.where(stated > 0, stated, area(xyxy))
    ends = np.searchsorted(columns.rows, np.arange(len(columns.images) + 1))
    lists = []
    for row, image in enumerate(columns.images):
        kept = np.arange(ends[row], ends[row + 1])[usable[ends[row] : ends[row + 1]]]
        lists.append(
            Boxes.of(
                classes,
                _size(image),
                xyxy[kept],
                labels[kept],
                crowd=crowd[kept],
                difficult=difficult[kept],
                areas=areas[kept],
            )
        )
    return lists


def _remarks(columns: _Columns, xyxy: Floats, labels: Indices, usable: Flags) -> Iterator[Finding]:
    """What is good to know of boxes that are used as they are."""
    repeated = usable & _repeated(columns.rows, labels, xyxy, usable)
    yield from columns.finding("repeated-boxes", "suspicion", "there before, with the same class and corners", repeated)
    sides = (xyxy[:, 2:] - xyxy[:, :2]).min(axis=1)
    tiny: Flags = usable & (sides < TINY * columns.limits.max(axis=1))
    words = f"with a side under {TINY:g} of their image's longer one: a resize leaves little of them"
    yield from columns.finding("tiny-boxes", "remark", words, tiny)
    used = np.unique(labels[usable])
    if len(used) == 1:
        yield Finding("one-class", "remark", "one class only: nothing else to mistake it for is ever shown", ())


def _repeated(rows: Indices, labels: Indices, xyxy: Floats, usable: Flags) -> Flags:
    """Which boxes equal an earlier usable one of their image."""
    table = np.column_stack([~usable, rows, labels, xyxy])
    _, first = np.unique(table, axis=0, return_index=True)
    repeated = np.ones(len(rows), np.bool_)
    repeated[first] = False
    return repeated
