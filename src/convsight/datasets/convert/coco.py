"""Boxes as COCO: annotations/instances_train.json and so on, and images in a folder a split."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from convsight.datasets.convert.converted_image import ConvertedImage, box_extras
from convsight.datasets.dataset import UNSPLIT
from convsight.results import Boxes
from convsight.results.box_columns import MASK
from convsight.results.masks import masks_of
from convsight.results.polygons import is_hole, outlines_of
from convsight.words import counted, counted_are

_DIGITS = 6  # after the point, of pixels


def coco_images(split: str) -> str:
    """The folder for the images of `split`."""
    return "images" if split == UNSPLIT else split


def write_coco(folder: Path, images: Sequence[ConvertedImage], classes: tuple[str, ...]) -> Iterator[str]:
    """Write the JSON files into `folder`; returns what is lost, in words.

    Categories are numbered from 1 in the order of the classes, images and annotations from 1 over all files. What is
    difficult has a key of that name, which other tools pass over.
    """
    (folder / "annotations").mkdir()
    categories = [{"id": number, "name": name, "supercategory": "none"} for number, name in enumerate(classes, start=1)]
    numbered = list(enumerate(images, start=1))
    first = 1  # the next annotation's id
    for split in dict.fromkeys(image.split for image in images):
        chosen = [(number, image) for number, image in numbered if image.split == split]
        annotations = [entry for number, image in chosen for entry in _annotations(number, image)]
        document = {
            "info": {"description": "written by convsight"},
            "licenses": [],
            "images": [_image(number, image) for number, image in chosen],
            "annotations": [{"id": first + row, **entry} for row, entry in enumerate(annotations)],
            "categories": categories,
        }
        first += len(annotations)
        name = "instances.json" if split == UNSPLIT else f"instances_{split}.json"
        (folder / "annotations" / name).write_text(json.dumps(document), encoding="utf-8")
    yield from _outlined(images)
    difficult = box_extras(images).difficult
    if difficult:
        boxes = counted_are(difficult, "box", "es")
        yield f"that {boxes} difficult stands under a key of its own, which other tools pass over"


def _image(number: int, image: ConvertedImage) -> dict[str, Any]:
    width, height = image.boxes.size
    return {"id": number, "file_name": image.name, "width": width, "height": height}


def _annotations(number: int, image: ConvertedImage) -> Iterator[dict[str, Any]]:
    boxes = image.boxes
    for row, (left, top, right, bottom) in enumerate(boxes.xyxy.tolist()):
        bbox = (left, top, right - left, bottom - top)
        entry = {
            "image_id": number,
            "category_id": int(boxes.labels[row]) + 1,
            "bbox": [round(side, _DIGITS) for side in bbox],
            "area": round(float(boxes.areas[row]), _DIGITS),
            "iscrowd": int(boxes.crowd[row]),
            "segmentation": _segmentation(boxes, row),
        }
        yield entry | ({"difficult": 1} if boxes.difficult[row] else {})


def _segmentation(boxes: Boxes, row: int) -> Any:
    """The pixels of a thing: outlines along them where they have no holes, else run lengths, as crowds always have."""
    if MASK not in boxes.columns:
        return []
    mask = masks_of(boxes.columns[MASK], boxes.size)[row]
    outlines = outlines_of(mask.pixels)
    if boxes.crowd[row] or not outlines or any(is_hole(each) for each in outlines):
        return mask.to_coco(boxes.size)
    return [(each + np.array([mask.left, mask.top])).reshape(-1).tolist() for each in outlines]


def _outlined(images: Sequence[ConvertedImage]) -> Iterator[str]:
    """What becomes of outlines that were read: pixels, whose outlines are written, are what is known of them."""
    things = box_extras(images).masks
    if things:
        yield f"of {counted(things, 'thing')} the pixels are kept; outlines between pixels are lost"
