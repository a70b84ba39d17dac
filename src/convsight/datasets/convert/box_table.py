"""Boxes as a CSV table, boxes.csv, a box a row, and images in images/."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from convsight.datasets.convert.converted_image import ConvertedImage, box_extras, unused_classes
from convsight.datasets.dataset import UNSPLIT
from convsight.natural_order import natural_order
from convsight.words import counted

_COLUMNS = ("path", "label", "xmin", "ymin", "xmax", "ymax", "crowd", "difficult", "area", "width", "height")


def table_images(split: str) -> str:
    """The folder for the images of `split`: one for all."""
    return "images"


def write_table(folder: Path, images: Sequence[ConvertedImage], classes: tuple[str, ...]) -> Iterator[str]:
    """Write boxes.csv into `folder`; returns what is lost, in words.

    An image without boxes is a row without class and corners. Corners and areas have all their digits.
    """
    cut = any(image.split != UNSPLIT for image in images)
    with (folder / "boxes.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((*_COLUMNS, *(["split"] if cut else [])))
        for image in images:
            writer.writerows((*row, *([image.split] if cut else [])) for row in _rows(image))
    if masks := box_extras(images).masks:
        yield f"the pixels of {counted(masks, 'thing')} are lost; the table holds corners"
    if unused := unused_classes(images, classes):
        yield f"lost, since without a box: {counted(unused, 'class', 'es')}; the table lists none"
    if classes != natural_order(set(classes)):
        yield "the order of the classes is lost; the table lists none"


def _rows(image: ConvertedImage) -> Iterator[tuple[object, ...]]:
    boxes, path = image.boxes, f"{table_images(image.split)}/{image.name}"
    if not len(boxes):
        yield (path, *[""] * 8, *boxes.size)
    for row, corners in enumerate(boxes.xyxy.tolist()):
        flags = int(boxes.crowd[row]), int(boxes.difficult[row])
        yield (path, boxes.classes[boxes.labels[row]], *corners, *flags, float(boxes.areas[row]), *boxes.size)
