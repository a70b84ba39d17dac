"""Things as PNGs of numbers, and images in segments as COCO's panoptic PNGs and JSON."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from convsight.datasets.convert.mask_images import MaskImage, colours_of, fits, folder_of, laid_out
from convsight.datasets.dataset import UNSPLIT, Dataset
from convsight.errors import UserError
from convsight.results import Boxes, ClassMap, PanopticMap, ids_to_rgb
from convsight.results.masks import Mask
from convsight.targets import Palette
from convsight.words import counted

_STEP = 1000  # of numbers of things of several classes, as MOTS has them
_MOST_CLASSES = 9  # whose numbers lie below that of MOTS' region that nobody need find


def id_images(split: str) -> str:
    """The folder for the images of `split`."""
    return f"{folder_of(split)}/images".lstrip("/")


def write_ids(folder: Path, images: Sequence[MaskImage], dataset: Dataset) -> Iterator[str]:
    """Write instances/ into `folder`; returns what is lost, in words.

    Things of one class are numbered from 1, those of several as MOTS has them: class * 1000 + thing, with labels.txt.

    Raises `UserError` where there are more classes or things than these numbers hold.
    """
    names = dataset.target.names
    if len(names) > _MOST_CLASSES:
        raise UserError(
            f"{dataset.source}: numbers of things hold {_MOST_CLASSES} classes at most, not {len(names)}; write coco"
        )
    covered = hidden = crowds = 0
    for image in images:
        boxes = image.target()
        assert isinstance(boxes, Boxes)
        ids, others = laid_out(boxes)
        table = np.append(0, np.arange(1, len(boxes) + 1))
        if len(names) > 1:
            order = [int((boxes.labels[:row] == boxes.labels[row]).sum()) + 1 for row in range(len(boxes))]
            if max(order, default=0) >= _STEP:
                raise UserError(f"{image.name}: {max(order):,} things of one class; their numbers hold {_STEP - 1}")
            table = np.append(0, (boxes.labels + 1) * _STEP + order)
        place = folder / folder_of(image.split) / "instances" / f"{image.stem}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(table[ids].astype(fits(int(table.max())))).save(place)
        covered, crowds = covered + others, crowds + int(boxes.crowd.sum())
        hidden += len(boxes) - len(np.unique(ids[ids > 0]))
    for split in dict.fromkeys(image.split for image in images):
        if len(names) > 1:
            text = "".join(f"{name}\n" for name in names)
            (folder / folder_of(split) / "instances" / "labels.txt").write_text(text, encoding="utf-8")
    if len(names) == 1:
        (folder / "classes.txt").write_text(f"{names[0]}\n", encoding="utf-8")
    yield from _overlaps(covered, hidden)
    if crowds:
        yield f"that {counted(crowds, 'thing')} are crowds is lost"


def _overlaps(covered: int, hidden: int) -> Iterator[str]:
    if covered:
        yield f"overlaps are lost: {counted(covered, 'pixel')} of several things are the smallest one's"
    if hidden:
        yield f"{counted(hidden, 'thing')} lie wholly under others, and are lost"


def panoptic_images(split: str) -> str:
    """The folder for the images of `split`."""
    return "images" if split == UNSPLIT else split


def write_panoptic(folder: Path, images: Sequence[MaskImage], dataset: Dataset) -> Iterator[str]:
    """Write COCO's JSON files and folders of PNGs into `folder`; returns what is lost, in words."""
    names, things, covered, hidden = dataset.target.names, _things(dataset), 0, 0
    numbers = {image.name: number for number, image in enumerate(images, start=1)}
    colours = colours_of(dataset)
    categories = [
        {"id": row + 1, "name": name, "supercategory": "none", "isthing": int(things[row]), "color": [*colours[row]]}
        for row, name in enumerate(names)
    ]
    (folder / "annotations").mkdir()
    for split in dict.fromkeys(image.split for image in images):
        called = "panoptic" if split == UNSPLIT else f"panoptic_{split}"
        listed, annotations = [], []
        for image in (each for each in images if each.split == split):
            found, others, under = _segments(image.target(), names, things)
            covered, hidden = covered + others, hidden + under
            place = folder / "annotations" / called / f"{image.stem}.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(ids_to_rgb(found.ids)).save(place)
            height, width = found.ids.shape
            number = numbers[image.name]
            listed.append({"id": number, "file_name": image.name, "width": width, "height": height})
            told = [_segment(found, row) for row in range(len(found.numbers))]
            annotations.append({"image_id": number, "file_name": f"{image.stem}.png", "segments_info": told})
        document = {"images": listed, "annotations": annotations, "categories": categories}
        (folder / "annotations" / f"{called}.json").write_text(json.dumps(document), encoding="utf-8")
    yield from _overlaps(covered, hidden)


def _things(dataset: Dataset) -> tuple[bool, ...]:
    """Which classes of `dataset` are of single things."""
    if isinstance(dataset.target, Palette):
        return tuple(name in (dataset.target.things or ()) for name in dataset.target.names)
    return (True,) * len(dataset.target.names)


def _segments(target: Any, names: tuple[str, ...], things: tuple[bool, ...]) -> tuple[PanopticMap, int, int]:
    """The segments of an image, how many pixels of things were covered by others, and how many things wholly."""
    if isinstance(target, PanopticMap):
        return target, 0, 0
    if isinstance(target, ClassMap):
        ids = np.where(target.indices == target.ignore_index, 0, target.indices.astype(np.int32) + 1)
        there = [int(number) for number in np.unique(ids) if number]
        return PanopticMap.of(names, things, ids, there, [number - 1 for number in there]), 0, 0
    assert isinstance(target, Boxes)
    ids, covered = laid_out(target)
    there = [int(number) for number in np.unique(ids) if number]
    rows = np.array(there, np.int64) - 1
    found = PanopticMap.of(names, things, ids, there, target.labels[rows], crowd=target.crowd[rows])
    return found, covered, len(target) - len(there)


def _segment(found: PanopticMap, row: int) -> dict[str, Any]:
    number = int(found.numbers[row])
    mask = Mask.of(found.ids == number)
    return {
        "id": number,
        "category_id": int(found.labels[row]) + 1,
        "area": mask.area,
        "bbox": [mask.left, mask.top, mask.right - mask.left, mask.bottom - mask.top],
        "iscrowd": int(found.crowd[row]),
    }
