"""Tables of boxes: CSV or TSV with an image, a class and four corners a row, and perhaps a split."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from convsight.datasets.boxes.annotated import Annotated, AnnotatedBox, relative_name, sizes_of
from convsight.datasets.boxes.boxes_dataset import boxes_dataset
from convsight.datasets.dataset import UNSPLIT, Dataset
from convsight.datasets.names import SPLIT_SPELLINGS, class_name, split_called
from convsight.datasets.table_images import IMAGE_COLUMNS, LABEL_COLUMNS, TableImages, find_column
from convsight.datasets.text_rows import read_header, text_rows
from convsight.errors import UserError, unknown_name
from convsight.natural_order import natural_order
from convsight.words import quoted

_SUFFIXES = (".csv", ".tsv")
_CORNERS = (("xmin", "ymin", "xmax", "ymax"), ("x1", "y1", "x2", "y2"), ("left", "top", "right", "bottom"))
_TRUE, _FALSE = ("1", "true", "yes"), ("0", "false", "no", "")


@dataclass(frozen=True)
class _Columns:
    """Where each column stands; -1 for one that is not there."""

    image: int
    label: int
    corners: tuple[int, int, int, int]
    split: int
    crowd: int
    difficult: int
    area: int
    size: tuple[int, int]
    group: int


@dataclass
class _Listed:
    """An image, where it is named first, and what is said of it."""

    place: str
    split: str
    size: tuple[int, int] | None
    group: str | None
    boxes: list[AnnotatedBox] = field(default_factory=list)


def is_box_table(path: Path) -> bool:
    """Whether `path` is a .csv or .tsv file whose header names the corners of boxes.

    So is a folder that holds such a `boxes.csv`, which `convert` writes.
    """
    table = _table(path)
    if table.suffix.lower() not in _SUFFIXES or not table.is_file():
        return False
    names = {name.strip().lower() for name in read_header(table)}
    return any(names.issuperset(corners) for corners in _CORNERS)


def _table(path: Path) -> Path:
    return path / "boxes.csv" if path.is_dir() else path


def read_box_table(path: Path, column: str = "") -> Dataset:
    """The images that a table lists, a box a row.

    Columns, in any order and case, others being ignored: `path` (or another of `IMAGE_COLUMNS`); `label` (or another of
    `LABEL_COLUMNS`); xmin, ymin, xmax, ymax (or x1, y1, x2, y2; or left, top, right, bottom) in pixels, as edges; and,
    if there, `split`, `crowd`, `difficult`, `area`, and `width` and `height` of the image. A row whose corners are all
    empty names an image without boxes. `Split.groups` holds the column called `column`, if it is there.

    Images are relative to the table's folder; one that is not there is looked for as `TableImages.find` says.

    Raises `UserError` naming the line for a missing column, an empty field, a corner that is no number, an unknown or
    contradictory split, an image that is missing or found in several folders, and what `boxes_dataset` refuses.
    """
    path = _table(path)
    rows = text_rows(path)
    _, header = next(rows, ("", []))
    columns = _find_columns(path, header, column)
    listed: dict[str, _Listed] = {}
    for place, fields in rows:
        _take_in(path, place, fields, columns, listed)
    if not listed:
        raise UserError(f"{path} lists no images; expected a box a row under its header")
    images = TableImages(path)
    files = [images.find(each.place, name) for name, each in listed.items()]
    images.check_all_found()
    annotated = [
        Annotated(each.split, relative_name(file, path.parent), file, path, each.boxes, size, each.size, each.group)
        for each, file, size in zip(listed.values(), files, sizes_of(files), strict=True)
    ]
    classes = natural_order({box.label for each in listed.values() for box in each.boxes})
    return boxes_dataset(path, annotated, classes, images.notes())


def _find_columns(table: Path, header: Sequence[str], group: str) -> _Columns:
    def found(*spellings: str) -> int:
        return find_column(header, spellings)

    names = next(names for names in _CORNERS if all(found(each) >= 0 for each in names))
    left, top, right, bottom = map(found, names)
    columns = _Columns(
        found(*IMAGE_COLUMNS),
        found(*LABEL_COLUMNS),
        (left, top, right, bottom),
        split=found("split"),
        crowd=found("crowd", "iscrowd"),
        difficult=found("difficult"),
        area=found("area"),
        size=(found("width"), found("height")),
        group=found(group.strip().lower()),
    )
    for what, spellings, position in (("image", IMAGE_COLUMNS, columns.image), ("class", LABEL_COLUMNS, columns.label)):
        if position < 0:
            raise UserError(
                f"{table} has no column that names the {what}; call it {spellings[0]!r} (or {', '.join(spellings[1:])})"
            )
    return columns


def _take_in(table: Path, place: str, fields: Sequence[str], columns: _Columns, listed: dict[str, _Listed]) -> None:
    """Add what a row says to `listed`, by image."""
    where = f"{table}, {place}"
    image = os.path.normpath(fields[columns.image].strip() or ".").replace(os.sep, "/")
    if image == "." or "\0" in image:
        raise UserError(f"{where}: the image is {quoted(fields[columns.image])}; name a file or remove the row")
    split = _split(where, fields, columns)
    group = fields[columns.group].strip() if columns.group >= 0 else None
    known = listed.setdefault(image, _Listed(place, split, _size(fields, columns), group))
    for before, here in ((known.split, split), (known.group, group)):
        if before != here:
            raise UserError(f"{where}: {image} is in {here!r} here but in {before!r} in {known.place}; keep one")
    texts = [fields[position].strip() for position in columns.corners]
    if any(texts):
        known.boxes.append(_box(where, place, texts, fields, columns))


def _box(where: str, place: str, texts: Sequence[str], fields: Sequence[str], columns: _Columns) -> AnnotatedBox:
    label = class_name(fields[columns.label])
    if not label:
        raise UserError(f"{where}: the class is empty; fill it in or remove the row")
    left, top, right, bottom = (_number(where, text) for text in texts)
    area = fields[columns.area].strip() if columns.area >= 0 else ""
    return AnnotatedBox(
        place,
        label,
        (left, top, right, bottom),
        crowd=_flag(where, fields, columns.crowd),
        difficult=_flag(where, fields, columns.difficult),
        area=_number(where, area) if area else None,
    )


def _number(where: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        words = f"is {quoted(text)}, not a number" if text else "is empty, but others are not"
        raise UserError(f"{where}: a corner or area of the box {words}; correct it") from None


def _flag(where: str, fields: Sequence[str], position: int) -> bool:
    text = fields[position].strip().lower() if position >= 0 else ""
    if text not in (*_TRUE, *_FALSE):
        raise UserError(f"{where}: {quoted(text)} is no flag; expected 1 or 0")
    return text in _TRUE


def _size(fields: Sequence[str], columns: _Columns) -> tuple[int, int] | None:
    width, height = (fields[position].strip() if position >= 0 else "" for position in columns.size)
    return (int(width), int(height)) if width.isdecimal() and height.isdecimal() else None


def _split(where: str, fields: Sequence[str], columns: _Columns) -> str:
    if columns.split < 0:
        return UNSPLIT
    text = fields[columns.split]
    known = split_called(text)
    if known is None:
        raise UserError(f"{where}: {unknown_name('split', text, SPLIT_SPELLINGS)}")
    return known
