"""Boxes as YOLO: data.yaml, images in images/ and a text file each in labels/, both with a folder a split."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from convsight.datasets.boxes.outlines import outline_area
from convsight.datasets.convert.converted_image import ConvertedImage, box_extras
from convsight.datasets.dataset import UNSPLIT
from convsight.results.box_columns import MASK
from convsight.results.masks import Mask, masks_of
from convsight.results.polygons import is_hole, outlines_of
from convsight.words import counted, counted_are

_DIGITS = 10  # after the point, of fractions of a side: 1e-6 px of a side of 10,000


def yolo_images(split: str) -> str:
    """The folder for the images of `split`; what is uncut is called train."""
    return f"images/{_called(split)}"


def write_yolo(folder: Path, images: Sequence[ConvertedImage], classes: tuple[str, ...]) -> Iterator[str]:
    """Write data.yaml and the text files into `folder`; returns what is lost, in words.

    An image without boxes has an empty text file.
    """
    splits = list(dict.fromkeys(image.split for image in images))
    for split in splits:
        (folder / "labels" / _called(split)).mkdir(parents=True)
    for image in images:
        text = "".join(f"{line}\n" for line in _lines(image))
        place = folder / "labels" / _called(image.split) / f"{image.stem}.txt"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    document = {_called(split): yolo_images(split) for split in splits} | {
        "nc": len(classes),
        "names": dict(enumerate(classes)),
    }
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    (folder / "data.yaml").write_text(text, encoding="utf-8")
    yield from _lost(images, splits)


def _lost(images: Sequence[ConvertedImage], splits: Sequence[str]) -> Iterator[str]:
    extras = box_extras(images)
    for count, what in ((extras.crowd, "crowds"), (extras.difficult, "difficult")):
        if count:
            yield f"that {counted_are(count, 'box', 'es')} {what} is lost; they are boxes like others"
    if extras.masks:
        yield from _outline_losses(images)
    elif extras.areas:
        yield f"the areas of {extras.areas:,} outlines are lost; those of their boxes take their place"
    if splits == [UNSPLIT]:
        yield "YOLO knows no data without splits: all images are called train"


def _called(split: str) -> str:
    return "train" if split == UNSPLIT else split


def _lines(image: ConvertedImage) -> Iterator[str]:
    """A line a box: class number, centre and size as fractions of the image; or, of a thing's pixels, their outline."""
    width, height = image.boxes.size
    boxes = image.boxes
    masks = masks_of(boxes.columns[MASK], boxes.size) if MASK in boxes.columns else [None] * len(boxes)
    for label, (left, top, right, bottom), mask in zip(boxes.labels, boxes.xyxy.tolist(), masks, strict=True):
        if mask is not None and mask.area:
            corners = _outline(mask) / (width, height)
            yield " ".join([str(label), *(f"{number:.{_DIGITS}f}" for number in corners.reshape(-1).tolist())])
            continue
        centre = ((left + right) / 2 / width, (top + bottom) / 2 / height)
        size = ((right - left) / width, (bottom - top) / height)
        yield " ".join([str(label), *(f"{number:.{_DIGITS}f}" for number in (*centre, *size))])


def _outline(mask: Mask) -> NDArray[np.float64]:
    """The outline (corners, 2) in px of the largest part of a thing, without its holes."""
    parts = [each for each in outlines_of(mask.pixels) if not is_hole(each)]
    found: NDArray[np.float64] = max(parts, key=outline_area) + np.array([mask.left, mask.top])
    return found


def _outline_losses(images: Sequence[ConvertedImage]) -> Iterator[str]:
    """What an outline a line cannot hold of things' pixels."""
    holes = parts = 0
    for image in images:
        for mask in masks_of(image.boxes.columns[MASK], image.boxes.size) if MASK in image.boxes.columns else []:
            outlines = outlines_of(mask.pixels)
            holes += any(is_hole(each) for each in outlines)
            parts += sum(not is_hole(each) for each in outlines) > 1
    if holes:
        yield f"holes in {counted(holes, 'thing')} are filled; YOLO has one outline a thing"
    if parts:
        yield f"of {counted(parts, 'thing')} in several parts the largest is kept; YOLO has one outline a thing"
