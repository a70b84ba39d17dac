"""Open Images: CSV files with a box a row, its edges as fractions of the image, and images named by their ids.

Source: the description of the data formats of Open Images V4 to V7; FiftyOne's OpenImagesV6Dataset has the same table
in labels/detections.csv.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from convsight.datasets.boxes.annotated import Annotated, AnnotatedBox, relative_name, sizes_of
from convsight.datasets.boxes.boxes_dataset import boxes_dataset
from convsight.datasets.dataset import SPLIT_NAMES, UNSPLIT, Dataset
from convsight.datasets.image_files import image_files
from convsight.datasets.names import class_name, split_called
from convsight.datasets.text_rows import read_header, text_rows
from convsight.errors import UserError
from convsight.natural_order import natural_order
from convsight.words import counted, first_few, quoted

_COLUMNS = ("imageid", "labelname", "xmin", "xmax", "ymin", "ymax")
_GROUP = "isgroupof"
_TABLES = ("*.csv", "annotations/*.csv", "*/labels/detections.csv", "labels/detections.csv")
_CLASSES = ("*class-descriptions*.csv", "*/*class-descriptions*.csv", "metadata/classes.csv", "*/metadata/classes.csv")


def is_open_images(path: Path) -> bool:
    """Whether `path` is a CSV file with the columns of Open Images, or a folder that holds such, or in annotations/."""
    return bool(_tables(path))


def read_open_images(path: Path) -> Dataset:
    """The images that the tables name, by their ids, with their boxes; a group of things in one box is a crowd.

    The split is in the name of a table or of its folder. Images are looked for below the data's folder, in a folder of
    that split before others. Many people have no more than a part of them: rows of others are left out, and noted.
    Classes have the names of class-descriptions.csv, where that is there.

    Raises `UserError` naming file and line for a corner that is no number, where no image is there, and what
    `boxes_dataset` refuses.
    """
    folder = path if path.is_dir() else path.parent
    folder = folder.parent if folder.name == "annotations" else folder
    images, names = _images(folder), _class_names(folder)
    rows: dict[tuple[str, Path], list[AnnotatedBox]] = {}
    origins: dict[str, Path] = _tables(path)
    missing: dict[str, None] = {}
    for split, table in origins.items():
        for image, box in _boxes(table, names):
            file = _image(images.get(image, []), split)
            if file is None:
                missing[image] = None
            else:
                rows.setdefault((split, file), []).append(box)
    if not rows:
        raise UserError(
            f"{path}: none of {len(missing):,} images is below {folder}, such as {first_few(list(missing))}"
        )
    notes = [f"left out, since their images are not there: rows of {counted(len(missing), 'image')}"] if missing else []
    sizes = sizes_of([file for _, file in rows])
    annotated = [
        Annotated(split, relative_name(file, folder), file, origins[split], _in_pixels(boxes, size), size)
        for ((split, file), boxes), size in zip(rows.items(), sizes, strict=True)
    ]
    return boxes_dataset(path, annotated, natural_order({box.label for boxes in rows.values() for box in boxes}), notes)


def _tables(path: Path) -> dict[str, Path]:
    """The tables of boxes, by split."""
    if path.is_file():
        files = [path] if path.suffix.lower() == ".csv" else []
    else:
        files = [file for pattern in _TABLES for file in sorted(path.glob(pattern))] if path.is_dir() else []
    found: dict[str, Path] = {}
    for file in files:
        if {name.strip().lower() for name in read_header(file)}.issuperset(_COLUMNS):
            split = _split(file)
            if split in found:
                raise UserError(f"{found[split]} and {file} are both of the split {split!r}; name one of them")
            found[split] = file
    return {split: found[split] for split in (*SPLIT_NAMES, UNSPLIT) if split in found}


def _split(table: Path) -> str:
    """The split that the name of a table tells, or that of its folder (`train/labels/detections.csv`)."""
    words = re.split(r"[^a-z]+", table.stem.lower())
    if table.parent.name == "labels":
        words.append(table.parent.parent.name)
    return next((split for word in words if (split := split_called(word))), UNSPLIT)


def _images(folder: Path) -> dict[str, list[Path]]:
    """The images below `folder`, by their names without suffix."""
    found: dict[str, list[Path]] = {}
    for file in image_files(folder):
        found.setdefault(file.stem, []).append(file)
    return found


def _image(files: Sequence[Path], split: str) -> Path | None:
    """Of images with one id that of the split, else the first."""
    own = (file for file in files if any(split_called(part) == split for part in file.parts[-4:-1]))
    return next(own, files[0] if files else None)


def _class_names(folder: Path) -> dict[str, str]:
    """Names by the codes of classes (`/m/01yrx`), from a table with or without header."""
    file = next((file for pattern in _CLASSES for file in sorted(folder.glob(pattern))), None)
    if file is None:
        return {}
    try:
        rows = list(csv.reader(file.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"cannot read {file}: {error}") from error
    return {row[0].strip(): class_name(row[1]) for row in rows if len(row) > 1 and row[0] != "LabelName"}


def _boxes(table: Path, names: Mapping[str, str]) -> list[tuple[str, AnnotatedBox]]:
    """Each row as the image's id and a box, its corners as fractions."""
    rows = text_rows(table)
    _, header = next(rows)
    at = {name.strip().lower(): position for position, name in reversed(list(enumerate(header)))}
    found = []
    for place, fields in rows:
        image, code = (fields[at[name]].strip() for name in ("imageid", "labelname"))
        if not image or not code:
            raise UserError(f"{table}, {place}: ImageID or LabelName is empty; fill it in or remove the row")
        texts = [fields[at[name]] for name in ("xmin", "ymin", "xmax", "ymax")]
        try:
            left, top, right, bottom = map(float, texts)
        except ValueError:
            raise UserError(f"{table}, {place}: {quoted(texts)} are not four numbers; correct them") from None
        crowd = _GROUP in at and fields[at[_GROUP]].strip() == "1"
        box = AnnotatedBox(place, names.get(code) or class_name(code), (left, top, right, bottom), crowd=crowd)
        found.append((image, box))
    return found


def _in_pixels(boxes: Sequence[AnnotatedBox], size: tuple[int, int] | None) -> list[AnnotatedBox]:
    width, height = size or (0, 0)
    placed = []
    for box in boxes:
        left, top, right, bottom = box.xyxy
        placed.append(box._replace(xyxy=(left * width, top * height, right * width, bottom * height)))
    return placed
