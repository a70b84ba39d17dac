"""One JSON file of COCO, checked: images with their boxes, and the categories."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convsight.datasets.boxes.annotated import AnnotatedBox, Corners
from convsight.datasets.boxes.json_file import parsed_json
from convsight.datasets.boxes.outlines import coco_outline
from convsight.datasets.names import class_name
from convsight.errors import UserError
from convsight.words import first_few, quoted

Id = int | str
_DIGITS = 20  # of ids that are texts and may be meant as numbers


@dataclass(frozen=True)
class CocoImage:
    """An entry of `images`, its (width, height) if stated, the boxes of its annotations, and what it is grouped by."""

    id: Id
    file_name: str
    size: tuple[int, int] | None
    boxes: list[AnnotatedBox]
    group: str | None = None


@dataclass(frozen=True)
class CocoFile:
    """What a file says, in its order, and remarks on it; `categories` are names by id, ordered by id."""

    file: Path
    images: Sequence[CocoImage]
    categories: Mapping[Id, str]
    notes: tuple[str, ...]


def read_coco_json(file: Path, column: str = "", *, outlines: bool = False) -> CocoFile:
    """The images of `file` with their boxes, grouped by their entry `column`; errors are those of `read_coco`.

    `outlines` are read only if asked for: of a large file they take more memory than all else.
    """
    document = _parsed(file)
    annotations = _entries(file, document, "annotations")
    categories, notes = _categories(file, _entries(file, document, "categories"), annotations)
    images = _images(file, _entries(file, document, "images"), column)
    for number, entry in enumerate(annotations):
        place = f"annotation {entry['id']}" if "id" in entry else f"annotations[{number}]"
        image = images.get(_known(file, place, entry, "image_id", images, "images"))
        category = categories[_known(file, place, entry, "category_id", categories, "categories")]
        assert image is not None
        image.boxes.append(_box(file, place, category, entry, outlines))
    return CocoFile(file, tuple(images.values()), categories, (*notes, *_repeated_ids(file, annotations)))


def _parsed(file: Path) -> Mapping[str, Any]:
    document = parsed_json(file)
    if isinstance(document, dict) and "images" in document:
        return document
    raise UserError(
        f"{file} is no COCO file: expected an object with images, annotations, categories{_guess(document)}"
    )


def _guess(document: object) -> str:
    """What a document is that is none of COCO, and what to do with it."""
    first = document[0] if isinstance(document, list) and document else document
    if not isinstance(first, dict):
        return ""
    if first is not document and ("annotations" in first or "image" in first):
        return "; it looks like a list of tasks of Label Studio: export them as COCO, YOLO or Pascal VOC, with images"
    if "shapes" in first and "imagePath" in first:
        return "; it is labelme's about one image: name the folder that holds it"
    if "samples" in first:
        return "; it looks like a dataset of FiftyOne: export it as COCODetectionDataset or YOLOv5Dataset"
    if any(isinstance(each, dict) and "regions" in each for each in first.values()):
        return "; it looks like a project of the VGG Image Annotator: export its annotations as COCO"
    return ""


def _entries(file: Path, document: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    entries = document.get(name)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UserError(
            f"{file} is no COCO file: it has no list of objects {name!r}; expected images, annotations and categories"
        )
    return entries


def _categories(
    file: Path, entries: Sequence[Mapping[str, Any]], annotations: Sequence[Mapping[str, Any]]
) -> tuple[dict[Id, str], list[str]]:
    """Names by id, and remarks; of two categories with one name, one that no annotation is of is left out."""
    found: dict[Id, str] = {}
    ids: dict[str, Id] = {}
    notes = []
    for number, entry in enumerate(entries):
        key, text = _id(file, f"categories[{number}]", entry, "id"), entry.get("name")
        name = class_name(text) if isinstance(text, str) else ""
        if not name:
            raise UserError(f"{file}, category {key}: the name is {quoted(text)}; expected a text")
        if key in found:
            both = f"{quoted(found[key])} and {quoted(name)}"
            raise UserError(f"{file}: the category id {key} is given to {both}; change one")
        if name in ids:
            used = _used(annotations)
            unused = next((each for each in (ids[name], key) if not used & set(_spellings(each))), None)
            if unused is None:
                twice = f"the category {quoted(name)} is there twice, with ids {ids[name]} and {key}"
                raise UserError(f"{file}: {twice}; merge them")
            notes.append(f"{file.name}: the category {unused} is named {quoted(name)} like another, and never used")
            found.pop(unused, None)
            if unused == key:
                continue
        found[key], ids[name] = name, key
    return dict(sorted(found.items(), key=lambda item: (isinstance(item[0], str), item[0]))), notes


def _used(annotations: Sequence[Mapping[str, Any]]) -> set[Id]:
    """The ids of the categories that annotations are of."""
    return {key for entry in annotations if isinstance(key := entry.get("category_id"), int | str)}


def _images(file: Path, entries: Sequence[Mapping[str, Any]], column: str) -> dict[Id, CocoImage]:
    grouped = any(column in entry for entry in entries)
    found: dict[Id, CocoImage] = {}
    ids: dict[str, Id] = {}
    for number, entry in enumerate(entries):
        key, name = _id(file, f"images[{number}]", entry, "id"), entry.get("file_name")
        if not isinstance(name, str) or not name or "\0" in name:
            raise UserError(f"{file}, image {key}: file_name is {quoted(name)}; expected the name of an image")
        if key in found:
            raise UserError(f"{file}: two images have the id {key}: {found[key].file_name} and {name}; change one")
        if name in ids:
            raise UserError(f"{file}: the images {ids[name]} and {key} have one file_name, {name}; keep one of them")
        group = str(entry.get(column, "")) if grouped else None
        found[key], ids[name] = CocoImage(key, name, _size(entry), [], group), key
    return found


def _size(entry: Mapping[str, Any]) -> tuple[int, int] | None:
    width, height = entry.get("width"), entry.get("height")
    return (width, height) if isinstance(width, int) and isinstance(height, int) and width > 0 < height else None


def _id(file: Path, place: str, entry: Mapping[str, Any], field: str) -> Id:
    value = entry.get(field)
    if isinstance(value, float) and value.is_integer():
        return int(value)  # as tables of pandas write numbers beside gaps
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise UserError(f"{file}, {place}: {field} is {quoted(value)}; expected a whole number")
    return value


def _spellings(key: Id) -> tuple[Id, ...]:
    """An id, and the same as a text or as a number.

    >>> _spellings(7), _spellings("7"), _spellings("007")
    ((7, '7'), ('7', 7), ('007',))
    """
    if isinstance(key, int):
        return key, str(key)
    return (key, int(key)) if key.isdecimal() and len(key) < _DIGITS and str(int(key)) == key else (key,)


def _known(file: Path, place: str, entry: Mapping[str, Any], field: str, known: Mapping[Id, object], what: str) -> Id:
    key = _id(file, place, entry, field)
    found = next((each for each in _spellings(key) if each in known), None)
    if found is None:
        ids = sorted(known, key=lambda each: (isinstance(each, str), each))
        span = f"{ids[0]} to {ids[-1]}, {len(ids):,} of them" if ids else "none"
        raise UserError(
            f"{file}, {place}: {field} {quoted(key)} is not among the {what} (their ids: {span}); add it or correct it"
        )
    return found


def _box(file: Path, place: str, label: str, entry: Mapping[str, Any], outlines: bool) -> AnnotatedBox:
    area = entry.get("area")
    try:
        outline = coco_outline(entry.get("segmentation")) if outlines else None
    except ValueError as error:
        raise UserError(f"{file}, {place}: {error}") from error
    return AnnotatedBox(
        place,
        label,
        _corners(file, place, entry.get("bbox")),
        crowd=bool(entry.get("iscrowd")),
        difficult=bool(entry.get("difficult")),  # no key of COCO's; `convert` writes it
        area=float(area) if isinstance(area, int | float) and 0 <= area < math.inf else None,
        outline=outline,
    )


def _corners(file: Path, place: str, bbox: object) -> Corners:
    if not isinstance(bbox, list) or len(bbox) != 4 or not all(isinstance(side, int | float) for side in bbox):
        raise UserError(f"{file}, {place}: bbox is {quoted(bbox)}; expected four numbers: x, y, width, height")
    x, y, width, height = map(float, bbox)
    return x, y, x + width, y + height


def _repeated_ids(file: Path, annotations: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    counts = Counter(entry["id"] for entry in annotations if isinstance(entry.get("id"), int | str))
    repeated = [str(key) for key, count in counts.items() if count > 1]
    if not repeated:
        return ()
    return (
        f"{file.name}: {len(repeated):,} annotation ids are given more than once ({first_few(repeated)}); all are used",
    )
