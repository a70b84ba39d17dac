"""Boxes as Pascal VOC: an XML file an image, images in JPEGImages, splits as lists in ImageSets/Main."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree as Xml

from convsight.datasets.convert.converted_image import ConvertedImage, box_extras, unused_classes
from convsight.datasets.dataset import UNSPLIT
from convsight.errors import UserError
from convsight.natural_order import natural_order
from convsight.words import counted, counted_are

_SIDES = ("xmin", "ymin", "xmax", "ymax")
_DIGITS = 6  # after the point, of pixels


def voc_images(split: str) -> str:
    """The folder for the images of `split`: one for all."""
    return "JPEGImages"


def write_voc(folder: Path, images: Sequence[ConvertedImage], classes: tuple[str, ...]) -> Iterator[str]:
    """Write XML files and lists into `folder`; returns what is lost, in words.

    Corners are edges, as `read_voc` takes them, with their fractions where they have such.

    Raises `UserError` for a name that XML cannot hold.
    """
    for name in (*classes, *(image.name for image in images)):
        if not all(character.isprintable() for character in name):
            raise UserError(f"the name {name!r} holds characters that XML cannot; rename it")
    (folder / "Annotations").mkdir()
    for image in images:
        root = _annotation(image)
        Xml.indent(root, "\t")
        (folder / "Annotations" / f"{image.stem}.xml").write_bytes(Xml.tostring(root, encoding="utf-8") + b"\n")
    splits = list(dict.fromkeys(image.split for image in images))
    if splits != [UNSPLIT]:
        (folder / "ImageSets" / "Main").mkdir(parents=True)
        for split in splits:
            lines = "".join(f"{image.stem}\n" for image in images if image.split == split)
            (folder / "ImageSets" / "Main" / f"{split}.txt").write_text(lines, encoding="utf-8")
    yield from _lost(images, classes)


def _lost(images: Sequence[ConvertedImage], classes: tuple[str, ...]) -> Iterator[str]:
    extras = box_extras(images)
    if extras.crowd:
        boxes = counted_are(extras.crowd, "box", "es")
        yield f"that {boxes} crowds is lost; they are difficult ones, which nobody need find either"
    if extras.areas:
        yield f"the areas of {extras.areas:,} outlines are lost; those of their boxes take their place"
    if extras.masks:
        yield f"the pixels of {counted(extras.masks, 'thing')} are lost; VOC keeps those in masks: --to voc-masks"
    if extras.fractions:
        yield f"corners with fractions: of {counted(extras.fractions, 'box', 'es')}, which some readers of VOC refuse"
    if unused := unused_classes(images, classes):
        yield f"lost, since without a box: {counted(unused, 'class', 'es')}; VOC lists none"
    if classes != natural_order(set(classes)):
        yield "the order of the classes is lost; VOC lists none"


def _annotation(image: ConvertedImage) -> Xml.Element:
    boxes, (width, height) = image.boxes, image.boxes.size
    root = Xml.Element("annotation")
    _add(root, folder=voc_images(image.split), filename=image.name)
    _add(Xml.SubElement(root, "size"), width=width, height=height, depth=3)
    _add(root, segmented=0)
    for row, corners in enumerate(boxes.xyxy.tolist()):
        thing = Xml.SubElement(root, "object")
        _add(thing, name=boxes.classes[boxes.labels[row]], pose="Unspecified", truncated=0)
        _add(thing, difficult=int(boxes.difficult[row] or boxes.crowd[row]))
        _add(Xml.SubElement(thing, "bndbox"), **dict(zip(_SIDES, map(_decimal, corners), strict=True)))
    return root


def _add(parent: Xml.Element, **fields: object) -> None:
    for name, value in fields.items():
        Xml.SubElement(parent, name).text = str(value)


def _decimal(side: float) -> str:
    """A whole number where it is one.

    >>> _decimal(12.0), _decimal(0.1 + 0.2)
    ('12', '0.3')
    """
    return f"{side:.{_DIGITS}f}".rstrip("0").rstrip(".")
