"""One annotation of Pascal VOC: an XML file about one image."""

from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as Xml

from convsight.datasets.boxes.annotated import AnnotatedBox
from convsight.datasets.names import class_name
from convsight.errors import UserError
from convsight.words import quoted

_SIDES = ("xmin", "ymin", "xmax", "ymax")
_HEAD_BYTES = 4096  # in which the first element stands


class VocFile(NamedTuple):
    """What an annotation says: the image's file, its (width, height) if stated, and its boxes."""

    filename: str
    size: tuple[int, int] | None
    boxes: tuple[AnnotatedBox, ...]


def is_voc_xml(file: Path) -> bool:
    """Whether `file` begins like an annotation."""
    with file.open("rb") as stream:
        return b"<annotation" in stream.read(_HEAD_BYTES)


def read_voc_xml(file: Path) -> VocFile:
    """The boxes of every `object` in `file`, their places counted from 1.

    Raises `UserError` for damaged XML, an object without name or box, and a field that is no number.
    """
    root = _parsed(file)
    boxes = tuple(
        _box(file, f"object {number}", element) for number, element in enumerate(root.iter("object"), start=1)
    )
    return VocFile(root.findtext("filename", "").strip(), _size(root), boxes)


def _parsed(file: Path) -> Xml.Element:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}") from error
    if b"<!DOCTYPE" in data:
        raise UserError(f"{file} defines a document type, which no annotation needs; remove it")
    try:
        return Xml.fromstring(data)  # noqa: S314  (what makes XML dangerous needs a document type)
    except Xml.ParseError as error:
        line, column = error.position
        raise UserError(f"{file}, line {line}, column {column + 1}: damaged XML: {error}") from error


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
