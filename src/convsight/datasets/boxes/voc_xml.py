"""One annotation of Pascal VOC: an XML file about one image."""

import re
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as Xml

from convsight.datasets.boxes.annotated import AnnotatedBox
from convsight.datasets.boxes.xml_text import parsed_xml, xml_head
from convsight.datasets.names import class_name
from convsight.errors import UserError
from convsight.words import quoted

_SIDES = ("xmin", "ymin", "xmax", "ymax")
_ANNOTATION = re.compile(r"<(?:[\w.-]+:)?annotation[\s/>]", re.IGNORECASE)


class VocFile(NamedTuple):
    """What an annotation says: the image's file, its (width, height) if stated, and its boxes."""

    filename: str
    size: tuple[int, int] | None
    boxes: tuple[AnnotatedBox, ...]


def is_voc_xml(file: Path) -> bool:
    """Whether `file` begins like an annotation, or like something else that holds objects with boxes."""
    head = xml_head(file)
    return _ANNOTATION.search(head) is not None or all(tag in head for tag in ("<object>", "<bndbox>"))


def read_voc_xml(file: Path) -> VocFile:
    """The boxes of every `object` in `file`, their places counted from 1.

    Namespaces are passed over, and the root may have another name. Raises `UserError` for what `parsed_xml` refuses, a
    file that is no annotation, an object without name or box, and a field that is no number.
    """
    root = parsed_xml(file)
    if root.tag.lower() != "annotation" and root.find(".//object/bndbox") is None:
        raise UserError(f"{file} is no annotation: its root is <{quoted(root.tag)[1:-1]}>; expected <annotation>")
    boxes = tuple(
        _box(file, f"object {number}", element) for number, element in enumerate(root.iter("object"), start=1)
    )
    return VocFile(root.findtext("filename", "").strip(), _size(root), boxes)


def _size(root: Xml.Element) -> tuple[int, int] | None:
    """The stated size; None where it is missing or zero, as some tools leave it."""
    try:
        width, height = (int(root.findtext(f"size/{side}", "")) for side in ("width", "height"))
    except ValueError:
        return None
    return (width, height) if width > 0 and height > 0 else None


def _box(file: Path, place: str, element: Xml.Element) -> AnnotatedBox:
    name = class_name(element.findtext("name", ""))
    if not name:
        raise UserError(f"{file}, {place}: no name; say which class it is")
    box = element.find("bndbox")
    left, top, right, bottom = (_number(file, place, name, box, side) for side in _SIDES)
    difficult = element.findtext("difficult", "0").strip() == "1"
    return AnnotatedBox(place, name, (left, top, right, bottom), difficult=difficult)


def _number(file: Path, place: str, name: str, box: Xml.Element | None, side: str) -> float:
    text = None if box is None else box.findtext(side)
    if text is None:
        raise UserError(f"{file}, {place}: {name} has no {side} in a bndbox; add it or remove the object")
    try:
        return float(text)
    except ValueError:
        raise UserError(
            f"{file}, {place}: {side} of {name} is {quoted(text.strip())}, not a number; correct it"
        ) from None
