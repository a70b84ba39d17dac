"""FiftyOne: a folder data/ of images beside a labels.json, with boxes or a class of each; perhaps in a folder a split.

Source: the formats FiftyOneImageDetectionDataset and FiftyOneImageClassificationDataset in FiftyOne's documentation.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from convsight.datasets.boxes.annotated import Annotated, AnnotatedBox, relative_name, sizes_of
from convsight.datasets.boxes.boxes_dataset import boxes_dataset
from convsight.datasets.boxes.json_file import json_head, parsed_json
from convsight.datasets.dataset import SPLIT_NAMES, UNSPLIT, Dataset, Split
from convsight.datasets.image_files import image_files
from convsight.datasets.names import class_name, data_name, splits_called
from convsight.errors import UserError
from convsight.natural_order import natural_order
from convsight.results import Labels
from convsight.targets import Classes
from convsight.words import counted, first_few, quoted

_LABELS, _DATA = "labels.json", "data"
_HEAD = re.compile(r'\s*\{\s*"(classes|labels)"\s*:')


class _Labelled(NamedTuple):
    """An image and what labels.json says of it."""

    split: str
    file: Path
    origin: Path
    place: str
    label: Any


def is_fiftyone(path: Path) -> bool:
    """Whether `path` is a labels.json of FiftyOne, or a folder that holds one beside data/, or one a split."""
    return bool(_files(path))


def read_fiftyone(path: Path) -> Dataset:
    """The images that labels.json names, by their names with or without suffix, with boxes or with a class each.

    A box is x, y, width and height as fractions of its image; a class is its number in `classes`, or its name. Images
    without a label are left out, and noted.

    Raises `UserError` naming file and image for damaged JSON, an image that is not there, a label of another kind, and
    what `boxes_dataset` refuses.
    """
    notes: list[str] = []
    classes: dict[str, None] = {}
    labelled = []
    for split, file in _files(path).items():
        document = parsed_json(file)
        known = document.get("classes") if isinstance(document, dict) else None
        names = [class_name(name) for name in known if isinstance(name, str)] if isinstance(known, list) else []
        classes |= dict.fromkeys(names)
        labelled += list(_labelled(split, file, document, names))
    without = [each.place for each in labelled if each.label is None]
    if without:
        notes.append(f"left out, since without a label: {counted(len(without), 'image')} ({first_few(without)})")
    labelled = [each for each in labelled if each.label is not None]
    folder = path if path.is_dir() else path.parent
    if all(isinstance(each.label, list) for each in labelled):
        sizes = sizes_of([each.file for each in labelled])
        annotated = [_annotated(folder, each, size) for each, size in zip(labelled, sizes, strict=True)]
        return boxes_dataset(path, annotated, tuple(dict.fromkeys((*classes, *_seen(annotated)))), notes)
    return _classification(path, folder, labelled, notes)


def _files(path: Path) -> dict[str, Path]:
    """The labels.json of each split."""
    if path.is_file():
        return {UNSPLIT: path} if path.name == _LABELS and _HEAD.match(json_head(path)) else {}
    if not path.is_dir():
        return {}
    if (path / _LABELS).is_file():
        return {UNSPLIT: path / _LABELS} if (path / _DATA).is_dir() and _HEAD.match(json_head(path / _LABELS)) else {}
    called = splits_called([file.parent.name for file in path.glob(f"*/{_LABELS}")])
    found = {split: path / name / _LABELS for name, split in called.items() if (path / name / _DATA).is_dir()}
    return {split: found[split] for split in SPLIT_NAMES if split in found and _HEAD.match(json_head(found[split]))}


def _labelled(split: str, file: Path, document: object, names: Sequence[str]) -> Iterator[_Labelled]:
    labels = document.get("labels") if isinstance(document, dict) else None
    if not isinstance(labels, dict):
        raise UserError(f"{file} has no object 'labels'; expected an image's name and its label each")
    images = _images(file.parent / _DATA)
    for name, label in labels.items():
        place = f"{file}, {quoted(name)}"
        if name not in images:
            raise UserError(f"{place}: no such image in {file.parent / _DATA}; restore it, or remove its label")
        yield _Labelled(split, images[name], file, place, _named(place, label, names))


def _images(folder: Path) -> dict[str, Path]:
    """The images below `folder` by their path in it, with and without suffix."""
    found: dict[str, Path] = {}
    for file in image_files(folder):
        path = Path(os.path.relpath(file, folder))
        found.setdefault(path.with_suffix("").as_posix(), file)
        found[path.as_posix()] = file
    return found


def _named(place: str, label: Any, names: Sequence[str]) -> Any:
    """The label with a class name in place of each class number."""
    if label is None:
        return None
    if isinstance(label, list):
        if not all(isinstance(each, dict) and "bounding_box" in each for each in label):
            raise UserError(f"{place}: {quoted(label)} are no boxes; several classes for an image are not read")
        return [each | {"label": _class(place, each.get("label"), names)} for each in label]
    return _class(place, label.get("label") if isinstance(label, dict) else label, names)


def _class(place: str, text: object, names: Sequence[str]) -> str:
    if isinstance(text, int) and not isinstance(text, bool) and 0 <= text < len(names):
        return names[text]
    if not isinstance(text, str) or not class_name(text):
        raise UserError(f"{place}: the class is {quoted(text)}; expected a name, or a number under {len(names)}")
    return class_name(text)


def _annotated(folder: Path, each: _Labelled, size: tuple[int, int] | None) -> Annotated:
    width, height = size or (0, 0)
    boxes = []
    for number, box in enumerate(each.label, start=1):
        sides = box["bounding_box"]
        if not isinstance(sides, list) or len(sides) != 4 or not all(isinstance(side, int | float) for side in sides):
            raise UserError(f"{each.place}: bounding_box is {quoted(sides)}; expected x, y, width, height as fractions")
        x, y, across, down = map(float, sides)
        corners = (x * width, y * height, (x + across) * width, (y + down) * height)
        crowd = bool(box.get("iscrowd"))
        boxes.append(AnnotatedBox(f"{each.place}, box {number}", box["label"], corners, crowd=crowd))
    return Annotated(each.split, relative_name(each.file, folder), each.file, each.origin, boxes, size)


def _seen(annotated: Sequence[Annotated]) -> tuple[str, ...]:
    return natural_order({box.label for image in annotated for box in image.boxes})


def _classification(path: Path, folder: Path, labelled: Sequence[_Labelled], notes: Sequence[str]) -> Dataset:
    wrong = next((each for each in labelled if isinstance(each.label, list)), None)
    if wrong:
        raise UserError(f"{wrong.place}: boxes here, but a class elsewhere; keep one kind of labels")
    classes = natural_order({each.label for each in labelled})
    index: Mapping[str, int] = {name: position for position, name in enumerate(classes)}
    splits = {}
    for split in (*SPLIT_NAMES, UNSPLIT):
        chosen = [each for each in labelled if each.split == split]
        if chosen:
            labels = Labels(np.array([index[each.label] for each in chosen]), classes)
            names = [relative_name(each.file, folder) for each in chosen]
            splits[split] = Split(split, [each.file for each in chosen], labels, names)
    return Dataset(data_name(path), str(path), "classification", Classes(names=classes), splits, notes=tuple(notes))
