"""From annotated images to a `Dataset`: what every reader of boxes ends with."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from convsight.datasets.boxes.annotated import Annotated
from convsight.datasets.boxes.check_boxes import checked_boxes
from convsight.datasets.boxes.outlined_boxes import OutlinedBoxes
from convsight.datasets.dataset import SPLIT_NAMES, UNSPLIT, Dataset, Split
from convsight.datasets.names import data_name
from convsight.errors import UserError
from convsight.results import Boxes, BoxLists, InstanceLists
from convsight.targets import Classes
from convsight.words import first_few


def boxes_dataset(
    path: Path,
    images: Sequence[Annotated],
    classes: Sequence[str],
    notes: Sequence[str] = (),
    *,
    classes_named: bool = True,
    with_pixels: bool = False,
) -> Dataset:
    """The data set of `images`, whose boxes are of `classes` and are checked here; unused classes are left out.

    `with_pixels` makes things with their pixels of boxes whose outlines were read.

    Raises `UserError` for an image that is there twice, a box that is none, and data without any box.
    """
    _check_once(images)
    checked = checked_boxes(images, tuple(classes))
    lists, used, unused = _without_unused(checked.lists, tuple(classes))
    if not used:
        why = f" that can be used: {'; '.join(checked.notes)}" if checked.notes else ""
        raise UserError(f"{path}: no image has a box{why}; expected some to learn from")
    if unused:
        words = "1 class is" if len(unused) == 1 else f"{len(unused):,} classes are"
        notes = (*notes, f"{words} named but never used, and left out: {first_few(unused)}")
    outlines = [
        [image.boxes[place].outline for place in kept.tolist()]
        for image, kept in zip(images, checked.kept if with_pixels else [], strict=with_pixels)
    ]

    def targets(chosen: list[int]) -> BoxLists | InstanceLists:
        if not with_pixels:
            return BoxLists([lists[row] for row in chosen], used)
        return InstanceLists([OutlinedBoxes(lists[row], outlines[row], images[row].name) for row in chosen], used)

    rows = {
        split: [row for row, image in enumerate(images) if image.split == split] for split in (*SPLIT_NAMES, UNSPLIT)
    }
    return Dataset(
        name=data_name(path),
        source=str(path),
        task="instances" if with_pixels else "detection",
        target=Classes(names=used),
        splits={
            name: Split(
                name,
                [images[row].file for row in chosen],
                targets(chosen),
                [images[row].name for row in chosen],
                [group for row in chosen if (group := images[row].group) is not None] or None,
            )
            for name, chosen in rows.items()
            if chosen
        },
        classes_named=classes_named,
        notes=(*notes, *checked.notes),
        findings=checked.findings,
        listed=tuple(classes) if unused else (),
    )


def _check_once(images: Sequence[Annotated]) -> None:
    first: dict[str, Annotated] = {}
    for image in images:
        known = first.setdefault(image.name, image)
        if known is image:
            continue
        if known.split != image.split:
            raise UserError(
                f"{image.origin}: {image.name} is in {image.split!r} but also in {known.split!r}; keep it in one"
            )
        raise UserError(f"{image.origin}: the image {image.name} is there twice (also in {known.origin}); keep one")


def _without_unused(
    lists: list[Boxes], classes: tuple[str, ...]
) -> tuple[list[Boxes], tuple[str, ...], tuple[str, ...]]:
    """The boxes by the classes that occur; those classes, and the others."""
    counts = np.zeros(len(classes), np.int64)
    for boxes in lists:
        counts += np.bincount(boxes.labels, minlength=len(classes))
    used = tuple(name for name, count in zip(classes, counts, strict=True) if count)
    unused = tuple(name for name, count in zip(classes, counts, strict=True) if not count)
    if unused:
        indices = np.where(counts > 0, np.cumsum(counts > 0) - 1, -1)
        lists = [boxes.relabelled(used, indices) for boxes in lists]
    return lists, used, unused
