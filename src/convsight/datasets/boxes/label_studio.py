"""Label Studio: its JSON export, a list of tasks with rectangles, polygons or a choice for each image.

Source: "Export annotations" and "Label Studio JSON format of annotated tasks" in Label Studio's documentation.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from math import cos, radians, sin
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np

from convsight.datasets.boxes.annotated import Annotated, AnnotatedBox, check_present, relative_name, sizes_of
from convsight.datasets.boxes.boxes_dataset import boxes_dataset
from convsight.datasets.boxes.json_file import json_head, parsed_json
from convsight.datasets.boxes.outlines import outline_area
from convsight.datasets.dataset import UNSPLIT, Dataset, Split
from convsight.datasets.image_files import image_files
from convsight.datasets.names import class_name, data_name
from convsight.errors import UserError
from convsight.images import is_image_file
from convsight.natural_order import natural_key, natural_order
from convsight.results import Labels
from convsight.targets import Classes
from convsight.words import counted, first_few, quoted

_LOOKED_AT = 5  # JSON files of a folder that show the format
_HEAD = re.compile(r"\s*\[\s*\{")
_FIELDS = ('"annotations"', '"data"', '"result"')
_UPLOADED = re.compile(r"[0-9a-f]{8}-")  # what stands before the names of uploaded files
_SIDES = ("x", "y", "width", "height", "rotation")
_RECTANGLE, _POLYGON, _CHOICES = "rectanglelabels", "polygonlabels", "choices"


class _Task(NamedTuple):
    """An image and what one annotator said of it."""

    place: str
    name: str
    said: Sequence[dict[str, Any]]


def is_label_studio(path: Path) -> bool:
    """Whether `path` is such an export, or a folder that holds one beside its images."""
    return _export(path) is not None


def read_label_studio(path: Path) -> Dataset:
    """The images of the tasks that somebody annotated: boxes where there are rectangles and polygons, else classes.

    Images are found by their names below the folder of the export, with or without what an upload puts before them. Of
    several annotations of a task the first is taken. Of a turned rectangle the upright one around it is the box. Tasks
    without annotation are left out, and so is what has no box; both are noted.

    Raises `UserError` naming the task for damaged JSON, an image that is not there, sides that are no numbers, a label
    that is missing, and what `boxes_dataset` refuses.
    """
    file = _export(path)
    assert file is not None
    tasks, notes = _tasks(file)
    images = _Images(file.parent)
    files = [images.of(task.name) for task in tasks]
    check_present(files, [task.place for task in tasks], f"images were looked for in {file.parent} and below")
    kinds = {each.get("type") for task in tasks for each in task.said}
    if not kinds & {_RECTANGLE, _POLYGON} and _CHOICES in kinds:
        return _classification(path, file, tasks, files, notes)
    annotated, left_out = [], 0
    for task, image, size in zip(tasks, files, sizes_of(files), strict=True):
        boxes = list(_boxes(task, size or (0, 0)))
        left_out += len(task.said) - len(boxes)
        annotated.append(Annotated(UNSPLIT, relative_name(image, file.parent), image, file, boxes, size))
    notes += [f"what is no rectangle or polygon left out: {left_out:,}"] if left_out else []
    return boxes_dataset(path, annotated, natural_order({box.label for each in annotated for box in each.boxes}), notes)


def _export(path: Path) -> Path | None:
    if path.is_dir():
        files = sorted(islice(path.glob("*.json"), _LOOKED_AT), key=lambda file: natural_key(file.name))
    else:
        files = [path] if path.suffix.lower() == ".json" and path.is_file() else []
    found = ((file, json_head(file)) for file in files)
    return next((file for file, head in found if _HEAD.match(head) and all(name in head for name in _FIELDS)), None)


def _tasks(file: Path) -> tuple[list[_Task], list[str]]:
    """The annotated tasks, and remarks on others."""
    document = parsed_json(file)
    if not isinstance(document, list) or not all(isinstance(each, dict) for each in document):
        raise UserError(f"{file} is no list of tasks; export it from Label Studio once more, as JSON")
    tasks, without, several = [], 0, 0
    for number, task in enumerate(document, start=1):
        place = f"{file}, task {quoted(task.get('id', number))}"
        given = task.get("annotations")
        given = given if isinstance(given, list) else []
        kept = [each for each in given if isinstance(each, dict) and not each.get("was_cancelled")]
        if not kept:
            without += 1
            continue
        several += len(kept) > 1
        said = kept[0].get("result")
        if not isinstance(said, list) or not all(isinstance(each, dict) for each in said):
            raise UserError(f"{place}: its result is {quoted(said)}, not a list of what was annotated")
        tasks.append(_Task(place, _name(place, task.get("data")), said))
    notes = [f"left out, since nobody annotated them: {counted(without, 'task')}"] if without else []
    if several:
        notes.append(f"annotated more than once, of which the first counts: {counted(several, 'task')}")
    return tasks, notes


def _name(place: str, data: object) -> str:
    """The name of a task's image, from the first of its data that names one."""
    for text in data.values() if isinstance(data, dict) else ():
        if isinstance(text, str) and "\0" not in text:
            try:
                address = urlsplit(text)
            except ValueError:
                continue
            # Files of a storage on the server's disk are told as ?d=folder/a.jpg.
            name = parse_qs(address.query).get("d", [unquote(address.path)])[0].replace("\\", "/")
            if is_image_file(Path(name)):
                return name
    raise UserError(f"{place}: its data are {quoted(data)}, which name no image")


class _Images:
    """The images below a folder, by their names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, list[Path]] = {}
        for file in image_files(folder):
            self._known.setdefault(file.name, []).append(file)

    def of(self, name: str) -> Path:
        """The image called `name`, of several the one whose folders fit best; it may not be there."""
        last = name.rpartition("/")[2]
        fitting = self._known.get(last) or self._known.get(_UPLOADED.sub("", last, count=1), [])
        folders = name.split("/")[-2::-1]

        def shared(file: Path) -> int:
            pairs = zip(file.parts[-2::-1], folders, strict=False)
            return next((number for number, (one, other) in enumerate(pairs) if one != other), len(folders))

        return max(fitting, key=shared, default=self._folder / last)


def _boxes(task: _Task, size: tuple[int, int]) -> Iterator[AnnotatedBox]:
    for number, each in enumerate(task.said, start=1):
        kind, place = each.get("type"), f"result {number}"
        if kind not in {_RECTANGLE, _POLYGON}:
            continue
        value = each.get("value")
        value = value if isinstance(value, dict) else {}
        where = f"{task.place}, {place}"
        label = _label(where, value.get(kind))
        points = _points(where, value, size, is_rectangle=kind == _RECTANGLE)
        (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        area = outline_area(points) if kind == _POLYGON else None
        yield AnnotatedBox(place, label, (left, top, right, bottom), area=area)


def _label(where: str, labels: object) -> str:
    name = class_name(labels[0]) if isinstance(labels, list) and labels and isinstance(labels[0], str) else ""
    if not name:
        raise UserError(f"{where}: its label is {quoted(labels)}; say which class it is")
    return name


def _points(where: str, value: dict[str, Any], size: tuple[int, int], *, is_rectangle: bool) -> Any:
    """The corners (points, 2) in pixels of what is told in percent of the sides of an image of `size`."""
    given = [value.get(name) for name in _SIDES] if is_rectangle else value.get("points")
    percent = np.array(size) / 100
    try:
        if is_rectangle:
            x, y, width, height, turn = (float(side or 0) for side in given or ())
            # Turned about the upper left corner, clockwise.
            across = np.array([cos(radians(turn)), sin(radians(turn))]) * width * percent[0]
            down = np.array([-sin(radians(turn)), cos(radians(turn))]) * height * percent[1]
            points = np.array([x, y]) * percent + [(0, 0), across, across + down, down]
        else:
            points = np.array(given, np.float64) * percent
    except (TypeError, ValueError, OverflowError):
        points = np.zeros(0)
    if points.ndim != 2 or points.shape[1] != 2 or not len(points) or not np.isfinite(points).all():
        raise UserError(f"{where}: it lies at {quoted(given)}; expected numbers in percent of the image")
    return points


def _classification(
    path: Path, export: Path, tasks: Sequence[_Task], files: Sequence[Path], notes: Sequence[str]
) -> Dataset:
    chosen = []
    for task in tasks:
        choices = [each.get("value") for each in task.said if each.get("type") == _CHOICES]
        given = choices[0].get(_CHOICES) if choices and isinstance(choices[0], dict) else None
        if isinstance(given, list) and len(given) > 1:
            raise UserError(
                f"{task.place}: {first_few([quoted(each) for each in given])} are several classes for one image"
            )
        chosen.append(_label(task.place, given))
    classes = natural_order(set(chosen))
    labels = Labels(np.array([classes.index(label) for label in chosen], np.int64), classes)
    split = Split(UNSPLIT, list(files), labels, [relative_name(file, export.parent) for file in files])
    return Dataset(
        data_name(path), str(path), "classification", Classes(names=classes), {UNSPLIT: split}, notes=tuple(notes)
    )
