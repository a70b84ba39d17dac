"""Tables of images: CSV, TSV or Parquet with a path and a label a row, and perhaps a split."""

import os
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import numpy as np

from convsight.datasets.dataset import SPLIT_NAMES, UNSPLIT, Dataset, Split
from convsight.datasets.names import SPLIT_SPELLINGS, class_name, data_name, split_called, storable
from convsight.datasets.one_hot import one_hot_labels
from convsight.datasets.parquet_texts import parquet_texts
from convsight.datasets.table_images import (
    IMAGE_COLUMNS,
    LABEL_COLUMNS,
    TableImages,
    find_column,
    relative_to,
)
from convsight.datasets.text_rows import text_rows
from convsight.errors import UserError, unknown_name
from convsight.natural_order import natural_order
from convsight.results import Labels
from convsight.targets import Classes
from convsight.words import counted, first_few, quoted

_SUFFIXES = (".csv", ".tsv", ".parquet")


class _Columns(NamedTuple):
    """Where path, label, split and what images are grouped by stand; -1 for one that is not there."""

    path: int
    label: int
    split: int
    group: int

    @classmethod
    def of(cls, table: Path, names: Sequence[str], group: str) -> "_Columns":
        spellings = (IMAGE_COLUMNS, LABEL_COLUMNS, ("split",), (group.strip().lower(),))
        found = cls(*(find_column(names, each) for each in spellings))
        if found.path < 0:
            raise _lacking(table, "path", IMAGE_COLUMNS, names)
        return found


class LabelRow(NamedTuple):
    """One image; `place` is where a message finds it (`line 3`)."""

    place: str
    path: str
    label: str
    split: str
    group: str | None  # None without such a column


class _Image(NamedTuple):
    """A row, its image's file, and the name it has in the data set."""

    row: LabelRow
    file: Path
    name: str


def is_label_table(path: Path) -> bool:
    """Whether `path` is a file whose name ends in .csv, .tsv or .parquet."""
    return path.suffix.lower() in _SUFFIXES and path.is_file()


def read_label_table(path: Path, column: str = "") -> Dataset:
    """The images that a table lists.

    Columns, in any order and case, others being ignored: `path` (or another of `IMAGE_COLUMNS`), relative to the
    table's folder, or found as `TableImages.find` says; `label` (or another of `LABEL_COLUMNS`), or a column for each
    class that holds 1 in the rows of its images and 0 elsewhere; and, if there, `split` (train, val or test, in any
    usual spelling). Of text files see `text_rows`. `Split.groups` holds the column called `column`, if it is there.

    Raises `UserError` naming the line for a missing column, an empty field, an image that is not there, an
    unknown split, or an image listed with two labels or in two splits.
    """
    rows = _parquet_rows(path, column) if path.suffix.lower() == ".parquet" else _text_rows(path, column)
    return labelled_images(path, path.parent, rows)


def labelled_images(path: Path, folder: Path, rows: Iterator[LabelRow]) -> Dataset:
    """The images that `rows` of the data at `path` list, their names relative to `folder`; raises as a table does."""
    found = TableImages(path, folder)
    images, repeated = _distinct(path, (_image(found, folder, row) for row in rows))
    if not images:
        raise UserError(f"{path} lists no images; expected one a row")
    found.check_all_found()
    classes = natural_order({image.row.label for image in images})
    splits = {name: [image for image in images if image.row.split == name] for name in (*SPLIT_NAMES, UNSPLIT)}
    notes = [f"left out, since they repeat another: {counted(repeated, 'row')}"] if repeated else []
    return Dataset(
        name=data_name(path),
        source=str(path),
        task="classification",
        target=Classes(names=classes),
        splits={name: _split(name, chosen, classes) for name, chosen in splits.items() if chosen},
        notes=(*found.notes(), *notes),
    )


def _image(found: TableImages, folder: Path, row: LabelRow) -> _Image:
    file = found.find(row.place, row.path)
    return _Image(row, file, storable(row.path) if file == folder / row.path else relative_to(file, folder))


def _split(name: str, images: Sequence[_Image], classes: tuple[str, ...]) -> Split:
    index = {label: position for position, label in enumerate(classes)}
    labels = Labels(np.array([index[image.row.label] for image in images]), classes)
    groups = [image.row.group for image in images if image.row.group is not None]
    names = [image.name for image in images]
    return Split(name, [image.file for image in images], labels, names, groups or None)


def _distinct(table: Path, images: Iterator[_Image]) -> tuple[list[_Image], int]:
    """The images, each once, and how many rows repeated another."""
    first: dict[str, _Image] = {}
    repeated = 0
    for image in images:
        known = first.setdefault(image.name, image)
        row, before = image.row, known.row
        said = (("labelled", before.label, row.label), ("in", before.split, row.split), ("of", before.group, row.group))
        for what, one, two in said:
            if one != two:
                here = f"{image.name} is {what} {quoted(two)} here but {quoted(one)} in {before.place}"
                raise UserError(f"{table}, {row.place}: {here}; keep one of the rows")
        repeated += known is not image
    return list(first.values()), repeated


def _checked_row(table: Path, place: str, path: str, label: str, split: str | None, group: str | None) -> LabelRow:
    """A row of the table, its fields trimmed and in one spelling; `split` is None without such a column."""
    path, label = path.strip(), class_name(label)
    for name, value in (("path", path), ("label", label)):
        if not value:
            raise UserError(f"{table}, {place}: the {name} is empty; fill it in or remove the row")
    if split is None:
        return LabelRow(place, _normal(path), label, UNSPLIT, group)
    known = split_called(split)
    if known is None:
        raise UserError(f"{table}, {place}: {unknown_name('split', split, SPLIT_SPELLINGS)}")
    return LabelRow(place, _normal(path), label, known, group)


def _normal(path: str) -> str:
    # `a/../b.jpg` and `./b.jpg` are one image.
    return os.path.normpath(path).replace(os.sep, "/")


def _lacking(table: Path, what: str, spellings: Sequence[str], names: Sequence[str]) -> UserError:
    return UserError(
        f"{table} has no column {what!r} (or {', '.join(spellings[1:])}); "
        f"its columns are {first_few([quoted(name) for name in names], most=20) or 'none'}"
    )


def _text_rows(table: Path, group: str) -> Iterator[LabelRow]:
    rows = text_rows(table)
    _, header = next(rows, ("", []))
    yield from _rows_of(table, header, group, rows)


def _rows_of(
    table: Path, names: Sequence[str], group: str, rows: Iterator[tuple[str, list[str]]]
) -> Iterator[LabelRow]:
    """The rows of a table whose columns are called `names`, one of them perhaps `group`; each comes with its place."""
    columns = _Columns.of(table, names, group)
    labelled: Iterator[tuple[str, list[str], str]] = ((place, fields, fields[columns.label]) for place, fields in rows)
    if columns.label < 0:
        others = [position for position in range(len(names)) if position not in columns]
        labelled = one_hot_labels(table, names, others, list(rows)) or _no_label(table, names)
    for place, fields, label in labelled:
        split, value = (fields[each] if each >= 0 else None for each in (columns.split, columns.group))
        yield _checked_row(table, place, fields[columns.path], label, split, value and value.strip())


def _no_label(table: Path, names: Sequence[str]) -> Iterator[tuple[str, list[str], str]]:
    raise _lacking(table, "label", LABEL_COLUMNS, names)


def _parquet_rows(table: Path, group: str) -> Iterator[LabelRow]:
    try:
        # By name, so that the light half does not depend on pyarrow.
        parquet = import_module("pyarrow.parquet")
    except ImportError as error:
        raise UserError(
            f'{table}: reading Parquet needs pyarrow; pip install ".[parquet]" in the clone of convsight'
        ) from error
    try:
        with parquet.ParquetFile(table) as file:
            schema = file.schema_arrow
            columns = _Columns.of(table, schema.names, group)
            wanted = [schema.names[position] for position in dict.fromkeys(columns) if position >= 0]
            flags = [each.name for each in schema if each.name not in wanted and _is_flag(str(each.type))]
            if columns.label < 0 and not flags:
                raise _lacking(table, "label", LABEL_COLUMNS, schema.names)
            wanted += flags if columns.label < 0 else []
        texts = parquet_texts(table, wanted, flags=columns.label < 0)
    except (OSError, ValueError) as error:  # pyarrow's own errors derive from these
        raise UserError(f"{table} is damaged or no Parquet file: {error}") from error
    rows = ((f"row {number}", list(fields)) for number, fields in enumerate(zip(*texts, strict=True), start=1))
    yield from _rows_of(table, wanted, group, rows)


def _is_flag(kind: str) -> bool:
    """Whether a Parquet column of this type may say of each row whether it is of a class."""
    return kind.startswith(("int", "uint", "bool", "float", "double", "halffloat"))
