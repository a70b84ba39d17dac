"""What makes the things of one image, with their pixels, when they are asked for: from numbers, files or outlines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.dataset import Dataset, Split
from convsight.datasets.masks.mask_error import MaskError
from convsight.datasets.masks.mask_file import mask_values, one_channel, place_of
from convsight.datasets.names import data_name
from convsight.errors import UserError
from convsight.images import image_size
from convsight.results import Boxes, InstanceLists, InstanceSource, boxes_of_ids
from convsight.results.masks import Mask, mask_column
from convsight.targets import Classes
from convsight.words import first_few

THING = "object"  # the class of things where no file names one


class PicturedThings(NamedTuple):
    """An image of a split, its name, and what makes its things."""

    picture: Path
    name: str
    split: str
    source: InstanceSource


@dataclass(frozen=True)
class IdCoding:
    """What the numbers of things mean: with `step` the class is number // step (by `classes`), else all are of one.

    `crowd` are classes whose regions are of many things, or of nothing that need be found. Numbers below `first` are no
    things, nor are those of classes that are `skipped`.
    """

    classes: tuple[str, ...]
    index: dict[int, int]
    step: int = 0
    first: int = 1
    crowd: frozenset[int] = frozenset()
    skipped: frozenset[int] = frozenset()


@dataclass(frozen=True)
class IdMap:
    """The things in a PNG of numbers: 0 is background, each other number one thing."""

    file: Path
    picture: Path | None
    coding: IdCoding

    def __call__(self) -> Boxes:
        ids = one_channel(mask_values(self.file, self.picture), self.file).astype(np.int64)
        numbers, places = np.unique(ids, return_inverse=True)
        found = {
            row: self._kind(ids, number) for row, number in enumerate(numbers.tolist()) if number >= self.coding.first
        }
        kept = [row for row, kind in found.items() if kind not in self.coding.skipped]
        kinds = [found[row] for row in kept]
        order = np.zeros(len(numbers), np.int32)
        order[kept] = np.arange(1, len(kept) + 1)
        labels = [self.coding.index.get(kind, 0) for kind in kinds]
        crowd = [kind in self.coding.crowd for kind in kinds]
        return boxes_of_ids(
            order[places].reshape(ids.shape), np.array(labels, np.int64), self.coding.classes, crowd=crowd
        )

    def _kind(self, ids: NDArray[np.int64], number: int) -> int:
        if not self.coding.step:
            return 0
        kind = number // self.coding.step
        if kind not in {*self.coding.index, *self.coding.crowd, *self.coding.skipped}:
            known = first_few([str(each) for each in sorted(self.coding.index)])
            what = (
                f"holds the number {number} ({place_of(ids == number)}), whose class would be {kind}, where classes "
                f"have {known}"
            )
            raise MaskError("ids-outside-the-classes", self.file, what, "name it in labels.txt, or correct the mask")
        return kind


@dataclass(frozen=True)
class ObjectFiles:
    """The things of an image whose pixels are in a file each; they may overlap."""

    files: tuple[Path, ...]
    picture: Path
    classes: tuple[str, ...] = (THING,)

    def __call__(self) -> Boxes:
        masks = []
        for file in self.files:
            values = one_channel(mask_values(file, self.picture), file)
            if values.any():
                masks.append(Mask.of(values > 0))
        size = image_size(self.picture) or (masks[0].right, masks[0].bottom)
        return boxes_of_masks(masks, [0] * len(masks), self.classes, size)


def boxes_of_masks(
    masks: Sequence[Mask], labels: Sequence[int], classes: tuple[str, ...], size: tuple[int, int], **more: Any
) -> Boxes:
    """The things of `masks` in an image of `size` (width, height); `more` is what else `Boxes.of` takes."""
    return Boxes.of(
        classes,
        size,
        [mask.xyxy for mask in masks],
        labels,
        areas=[mask.area for mask in masks],
        columns={"mask": mask_column(masks)},
        **more,
    )


def instances_dataset(
    path: Path,
    things: Sequence[PicturedThings],
    classes: tuple[str, ...],
    notes: Sequence[str] = (),
    *,
    named: bool = True,
) -> Dataset:
    """The data set of images with their things; splits are in the order of `things`.

    Classes that no thing is of are left out, with a note, unless some image's things cannot be read.
    """
    lists = InstanceLists([each.source for each in things], classes)
    used, unused = _used(lists)
    if unused:
        words = "1 class is" if len(unused) == 1 else f"{len(unused):,} classes are"
        notes = (*notes, f"{words} named but never used, and left out: {first_few(unused)}")
    lists = lists.aligned(used) if unused else lists
    by_split: dict[str, list[int]] = {}
    for row, each in enumerate(things):
        by_split.setdefault(each.split, []).append(row)
    return Dataset(
        name=data_name(path),
        source=str(path),
        task="instances",
        target=Classes(names=used),
        splits={
            name: Split(
                name,
                [things[row].picture for row in chosen],
                lists.select(np.array(chosen)),
                [things[row].name for row in chosen],
            )
            for name, chosen in by_split.items()
        },
        classes_named=named,
        notes=tuple(notes),
        listed=classes if unused else (),
    )


def _used(lists: InstanceLists) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The classes that things are of, and the others; all count as used where not all images can be looked at."""
    try:
        counts = lists.counts()
    except UserError:
        return lists.classes, ()
    used = tuple(name for name, count in counts.items() if count)
    return (used, tuple(name for name in lists.classes if name not in used)) if used else (lists.classes, ())


def missing_things(picture: Path, expected: str) -> Callable[[], Boxes]:
    """In place of the things of an image whose file is not there: says so when they are asked for."""
    return partial(_missing, picture, expected)


def _missing(picture: Path, expected: str) -> Boxes:
    fix = f"expected {expected}; add it, or remove the image"
    raise MaskError("pictures-without-mask", picture, "has no mask", fix)
