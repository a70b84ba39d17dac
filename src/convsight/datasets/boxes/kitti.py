"""KITTI: a text file an image in label_2, with a thing a line, beside image_2; or in labels beside images.

Source: Geiger, Lenz and Urtasun, "Are we ready for Autonomous Driving?", CVPR 2012, and the readme of its development
kit.
"""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from convsight.datasets.boxes.annotated import Annotated, AnnotatedBox, check_present, relative_name, sizes_of
from convsight.datasets.boxes.boxes_dataset import boxes_dataset
from convsight.datasets.dataset import UNSPLIT, Dataset
from convsight.datasets.names import class_name, splits_called
from convsight.errors import UserError
from convsight.images import is_image_file
from convsight.natural_order import natural_key, natural_order
from convsight.words import counted, first_few, quoted

_PLACES = (("image_2", "label_2"), ("images", "label_2"), ("images", "labels"), ("data", "labels"))
_FIELDS = (15, 16)  # type, truncated, occluded, alpha, four corners, seven of the box in space; perhaps a score
_LOOKED_AT = 10  # label files that show the format
_IGNORED = "dontcare"


class _Place(NamedTuple):
    """The folders of the images and of the labels of a split."""

    split: str
    images: Path
    labels: Path


def is_kitti(path: Path) -> bool:
    """Whether `path` is a folder of such folders, or has them in `training`, or in folders for splits."""
    return path.is_dir() and bool(_places(path))


def read_kitti(path: Path) -> Dataset:
    """The images that have a label file, with the boxes of its lines; regions called DontCare are left out, and noted.

    A line holds a class and, as its fifth to eighth field, left, top, right and bottom edge in pixels. Images without a
    label file are left out, since nobody looked at them.

    Raises `UserError` naming file and line for a line of another length, a field that is no number, a label file
    without image, and what `boxes_dataset` refuses.
    """
    notes: list[str] = []
    files, origins, splits = [], [], []
    for place in _places(path):
        images = {Path(name).stem: place.images / name for name in _names(place.images) if is_image_file(Path(name))}
        labels = [place.labels / name for name in _names(place.labels) if name.lower().endswith(".txt")]
        alone = sorted(images.keys() - {label.stem for label in labels}, key=natural_key)
        if alone:
            where = relative_name(place.images, path)
            notes.append(
                f"left out, since without a label file: {counted(len(alone), 'image')} of {where} ({first_few(alone)})"
            )
        files += [images.get(label.stem, place.images / f"{label.stem}.png") for label in labels]
        origins += labels
        splits += [place.split] * len(labels)
    check_present(files, [str(origin) for origin in origins], "an image has the name of its label file")
    drawn = [list(_boxes(origin)) for origin in origins]
    boxes = [[box for box in each if box.label.lower() != _IGNORED] for each in drawn]
    ignored = sum(map(len, drawn)) - sum(map(len, boxes))
    if ignored:
        notes.append(f"regions called DontCare, which are of no class, left out: {ignored:,}")
    annotated = [
        Annotated(split, relative_name(file, path), file, origin, found, size)
        for split, file, origin, found, size in zip(splits, files, origins, boxes, sizes_of(files), strict=True)
    ]
    classes = natural_order({box.label for image in annotated for box in image.boxes})
    return boxes_dataset(path, annotated, classes, notes)


def _names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder), key=natural_key)  # noqa: PTH208


def _places(path: Path) -> list[_Place]:
    """The folders of images and labels, a pair a split."""
    if whole := _pair(path, UNSPLIT):
        return [whole]
    folders = [entry.name for entry in os.scandir(path) if entry.is_dir()]
    found = [_pair(path / name, split) for name, split in splits_called(folders).items()]
    return [place for place in found if place]


def _pair(folder: Path, split: str) -> _Place | None:
    pairs = (_Place(split, folder / images, folder / labels) for images, labels in _PLACES)
    return next((pair for pair in pairs if pair.images.is_dir() and _is_kitti(pair.labels)), None)


def _is_kitti(labels: Path) -> bool:
    """Whether the first label files that hold a line hold one of KITTI's length."""
    if not labels.is_dir():
        return False
    files = (labels / name for name in _names(labels) if name.lower().endswith(".txt"))
    first = (line.split() for file in islice(files, _LOOKED_AT) for line in islice(_lines(file), 1))
    return any(len(fields) in _FIELDS and not fields[0].replace(".", "").isdigit() for fields in first)


def _lines(file: Path) -> list[str]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {file}: {error}") from error
    return [line for line in text.splitlines() if line.strip()]


def _boxes(file: Path) -> Iterator[AnnotatedBox]:
    for number, line in enumerate(_lines(file), start=1):
        fields, where = line.split(), f"{file}, line {number}"
        # A class of several words would be read as another number of fields.
        if len(fields) not in _FIELDS:
            raise UserError(f"{where}: {len(fields)} fields; expected {_FIELDS[0]}, or {_FIELDS[1]} with a score")
        try:
            left, top, right, bottom = (float(field) for field in fields[4:8])
        except ValueError:
            raise UserError(f"{where}: {quoted(fields[4:8])} are not four numbers; correct them") from None
        yield AnnotatedBox(f"line {number}", class_name(fields[0]), (left, top, right, bottom))
