"""CVAT for images: one annotations.xml about many images, which lie in images/ or beside it.

Source: the description of the format "CVAT for images 1.1" in CVAT's documentation.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as Xml

import numpy as np

from convsight.datasets.boxes.annotated import Annotated, AnnotatedBox, Corners, check_present, relative_name, sizes_of
from convsight.datasets.boxes.boxes_dataset import boxes_dataset
from convsight.datasets.boxes.outlines import Outline, outline_area
from convsight.datasets.boxes.xml_text import parsed_xml, xml_head
from convsight.datasets.dataset import UNSPLIT, Dataset
from convsight.datasets.image_files import image_files
from convsight.datasets.names import class_name, split_called
from convsight.errors import UserError
from convsight.natural_order import natural_order
from convsight.words import quoted

_NAME = "annotations.xml"
_ROOT = re.compile(r"<annotations[\s>]")
_SIDES = ("xtl", "ytl", "xbr", "ybr")


def is_cvat(path: Path) -> bool:
    """Whether `path` is such an XML file, or a folder that holds it as annotations.xml."""
    file = path / _NAME if path.is_dir() else path
    return file.suffix.lower() == ".xml" and file.is_file() and _ROOT.search(xml_head(file)) is not None


def read_cvat(path: Path, *, outlines: bool = False) -> Dataset:
    """The images of the XML file with their boxes; of polygons the bounding box and the area.

    With `outlines` things with their pixels are what the data hold: those in polygons, all of a box.

    An image's `subset` is its split, where it is called like one. A turned box becomes the smallest upright one around
    it. Points, lines, masks and the like are left out, and noted.

    Raises `UserError` naming file and image for damaged XML, a missing image, a box without label or corners, tracks of
    a video, and what `boxes_dataset` refuses.
    """
    file = path / _NAME if path.is_dir() else path
    root = parsed_xml(file)
    images = list(root.iter("image"))
    if not images:
        tracks = "tracks of a video; export it as CVAT for images" if root.find("track") is not None else "no image"
        raise UserError(f"{file} holds {tracks}")
    names = [image.get("name", "") for image in images]
    below = _images_below(file.parent)
    files = [_file(file.parent, name, below) for name in names]
    check_present(files, [f"{file}, image {quoted(name)}" for name in names], f"looked for below {file.parent}")
    annotated = []
    left_out = 0
    for image, name, found, size in zip(images, names, files, sizes_of(files), strict=True):
        boxes = list(_boxes(f"{file}, image {quoted(name)}", image))
        left_out += sum(each.tag not in ("box", "polygon", "tag") for each in image)
        split = split_called(image.get("subset", "")) or UNSPLIT
        annotated.append(Annotated(split, relative_name(found, file.parent), found, file, boxes, size, _stated(image)))
    notes = [f"points, lines, masks and the like, which have no box, left out: {left_out:,}"] if left_out else []
    classes = natural_order({box.label for each in annotated for box in each.boxes})
    return boxes_dataset(path, annotated, classes, notes, with_pixels=outlines)


def _images_below(folder: Path) -> dict[str, Path]:
    """The images in `folder` and below that have a name of their own, by it."""
    found: dict[str, list[Path]] = {}
    for file in image_files(folder):
        found.setdefault(file.name, []).append(file)
    return {name: files[0] for name, files in found.items() if len(files) == 1}


def _file(folder: Path, name: str, below: dict[str, Path]) -> Path:
    """The image called `name`, which may hold folders; it may not be there."""
    name = name.replace("\\", "/")
    usual = (folder / "images" / name, folder / name)
    there = next((file for file in usual if name and os.path.isfile(file)), None)  # noqa: PTH113
    return there or below.get(name.rpartition("/")[2], usual[0])


def _stated(image: Xml.Element) -> tuple[int, int] | None:
    width, height = image.get("width", ""), image.get("height", "")
    return (int(width), int(height)) if width.isdecimal() and height.isdecimal() else None


def _boxes(where: str, image: Xml.Element) -> Iterator[AnnotatedBox]:
    for number, element in enumerate((each for each in image if each.tag in ("box", "polygon")), start=1):
        place = f"{element.tag} {number} of {where.rpartition(', ')[2]}"
        label = class_name(element.get("label", ""))
        if not label:
            raise UserError(f"{where}, {element.tag} {number}: no label; say which class it is")
        if element.tag == "box":
            yield AnnotatedBox(place, label, _upright(f"{where}, {element.tag} {number}", element))
            continue
        text = element.get("points", "")
        points = [_numbers(f"{where}, {element.tag} {number}", pair.split(",")) for pair in text.split(";")]
        if any(len(point) != 2 for point in points):
            raise UserError(f"{where}, {element.tag} {number}: points are {quoted(text)}; expected x,y;x,y;...")
        corners = np.array(points)
        (left, top), (right, bottom) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
        area, outline = outline_area(corners), Outline((corners,))
        yield AnnotatedBox(place, label, (left, top, right, bottom), area=area, outline=outline)


def _upright(where: str, box: Xml.Element) -> Corners:
    """The corners of a box; of one turned about its centre by `rotation` degrees those of the box around it."""
    left, top, right, bottom = _numbers(where, [box.get(side, "") for side in _SIDES])
    (angle,) = _numbers(where, [box.get("rotation", "0")])
    if not angle:
        return left, top, right, bottom
    cosine, sine = abs(np.cos(np.radians(angle))), abs(np.sin(np.radians(angle)))
    half_width = ((right - left) * cosine + (bottom - top) * sine) / 2
    half_height = ((right - left) * sine + (bottom - top) * cosine) / 2
    x, y = (left + right) / 2, (top + bottom) / 2
    return float(x - half_width), float(y - half_height), float(x + half_width), float(y + half_height)


def _numbers(where: str, texts: list[str]) -> list[float]:
    try:
        return [float(text) for text in texts]
    except ValueError:
        raise UserError(f"{where}: {quoted(texts)} are no numbers; correct them") from None
