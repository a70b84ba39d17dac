"""Boxes as YOLO: data.yaml, images in images/ and a text file each in labels/, both with a folder a split."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from convsight.datasets.convert.converted_image import ConvertedImage, box_extras
from convsight.datasets.dataset import UNSPLIT
from convsight.words import counted_are

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
    if extras.areas:
        yield f"the areas of {extras.areas:,} outlines are lost; those of their boxes take their place"
    if splits == [UNSPLIT]:
        yield "YOLO knows no data without splits: all images are called train"


def _called(split: str) -> str:
    return "train" if split == UNSPLIT else split


def _lines(image: ConvertedImage) -> Iterator[str]:
    """A line a box: class number, centre and size as fractions of the image."""
    width, height = image.boxes.size
    for label, (left, top, right, bottom) in zip(image.boxes.labels, image.boxes.xyxy.tolist(), strict=True):
        centre = ((left + right) / 2 / width, (top + bottom) / 2 / height)
        size = ((right - left) / width, (bottom - top) / height)
        yield " ".join([str(label), *(f"{number:.{_DIGITS}f}" for number in (*centre, *size))])
