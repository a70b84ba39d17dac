"""Tables of images: CSV, TSV or Parquet with a path and a label a row, and perhaps a split."""

import os
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import numpy as np

from convsight.datasets.dataset import SPLIT_NAMES, UNSPLIT, Dataset, Split
from convsight.datasets.names import SPLIT_SPELLINGS, class_name, data_name, split_called, storable
from convsight.datasets.text_rows import text_rows
from convsight.errors import UserError, unknown_name
from convsight.natural_order import natural_order
from convsight.results import Labels
from convsight.targets import Classes
from convsight.words import first_few, quoted

_SUFFIXES = (".csv", ".tsv", ".parquet")
# Accepted spellings of each column; of several that are there, the first counts.
_COLUMNS = {
    "path": ("path", "image", "file", "filename"),
    "label": ("label", "class", "target"),
    "split": ("split",),
}


class _Row(NamedTuple):
    """One image; `place` is where a message finds it (`line 3`)."""

    place: str
    path: str
    label: str
    split: str


def is_label_table(path: Path) -> bool:
    """Whether `path` is a file whose name ends in .csv, .tsv or .parquet."""
    return path.suffix.lower() in _SUFFIXES and path.is_file()


def read_label_table(path: Path) -> Dataset:
    """The images that a table lists.

    Columns, in any order and case, others being ignored: `path` (or image, file, filename), relative to
    the table's folder; `label` (or class, target); and, if there, `split` (train, val or test, in any usual
    spelling). A CSV file is UTF-8 with a header, separated by commas or semicolons.

    Raises `UserError` naming the line for a missing column, an empty field, an image that is not there, an
    unknown split, or an image listed with two labels or in two splits.
    """
    rows = _parquet_rows(path) if path.suffix.lower() == ".parquet" else _text_rows(path)
    images, repeated = _distinct(path, rows)
    if not images:
        raise UserError(f"{path} lists no images; expected one a row under its header")
    _check_present(path, images)
    classes = natural_order({row.label for row in images})
    splits = {name: [row for row in images if row.split == name] for name in (*SPLIT_NAMES, UNSPLIT)}
    return Dataset(
        name=data_name(path),
        source=str(path),
        task="classification",
        target=Classes(names=classes),
        splits={name: _split(name, path.parent, chosen, classes) for name, chosen in splits.items() if chosen},
        notes=(f"{repeated:,} rows that repeat another were left out",) if repeated else (),
    )


def _split(name: str, folder: Path, rows: Sequence[_Row], classes: tuple[str, ...]) -> Split:
    index = {label: position for position, label in enumerate(classes)}
    labels = Labels(np.array([index[row.label] for row in rows]), classes)
    return Split(name, [folder / row.path for row in rows], labels, [storable(row.path) for row in rows])


def _distinct(table: Path, rows: Iterator[_Row]) -> tuple[list[_Row], int]:
    """The rows, each image once, and how many repeated another."""
    first: dict[str, _Row] = {}
    repeated = 0
    for row in rows:
        known = first.setdefault(row.path, row)
        for what, one, two in (("labelled", known.label, row.label), ("in", known.split, row.split)):
            if one != two:
                here = f"{row.path} is {what} {quoted(two)} here but {quoted(one)} in {known.place}"
                raise UserError(f"{table}, {row.place}: {here}; keep one of the rows")
        repeated += known is not row
    return list(first.values()), repeated


def _check_present(table: Path, rows: Sequence[_Row]) -> None:
    missing = [row for row in rows if not os.path.isfile(table.parent / row.path)]  # noqa: PTH113
    if missing:
        raise UserError(
            f"{table}, {missing[0].place}: no such file: {missing[0].path} ({len(missing):,} of {len(rows):,} "
            f"images are not there); paths are relative to {table.parent}"
        )


def _checked_row(table: Path, place: str, path: str, label: str, split: str | None) -> _Row:
    """A row of the table, its fields trimmed and in one spelling; `split` is None without such a column."""
    path, label = path.strip(), class_name(label)
    for name, value in (("path", path), ("label", label)):
        if not value:
            raise UserError(f"{table}, {place}: the {name} is empty; fill it in or remove the row")
    if split is None:
        return _Row(place, _normal(path), label, UNSPLIT)
    known = split_called(split)
    if known is None:
        raise UserError(f"{table}, {place}: {unknown_name('split', split, SPLIT_SPELLINGS)}")
    return _Row(place, _normal(path), label, known)


def _normal(path: str) -> str:
    # `a/../b.jpg` and `./b.jpg` are one image.
    return os.path.normpath(path).replace(os.sep, "/")


def _find_columns(table: Path, names: Sequence[str]) -> dict[str, int]:
    """Where path, label and, if there, split stand among the columns called `names`."""
    positions = {name.strip().lower(): position for position, name in reversed(list(enumerate(names)))}
    found: dict[str, int] = {}
    for column, spellings in _COLUMNS.items():
        spelling = next((each for each in spellings if each in positions), None)
        if spelling is not None:
            found[column] = positions[spelling]
        elif column != "split":
            raise UserError(
                f"{table} has no column {column!r} (or {', '.join(spellings[1:])}); "
                f"its columns are {first_few([repr(name) for name in names], most=20) or 'none'}"
            )
    return found


def _text_rows(table: Path) -> Iterator[_Row]:
    rows = text_rows(table)
    _, header = next(rows, ("", []))
    columns = _find_columns(table, header)
    for place, fields in rows:
        split = fields[columns["split"]] if "split" in columns else None
        yield _checked_row(table, place, fields[columns["path"]], fields[columns["label"]], split)


def _parquet_rows(table: Path) -> Iterator[_Row]:
    try:
        # By name, so that the light half does not depend on pyarrow.
        parquet = import_module("pyarrow.parquet")
    except ImportError as error:
        raise UserError(f'{table}: reading Parquet needs pyarrow; pip install "convsight[parquet]"') from error
    try:
        with parquet.ParquetFile(table) as file:
            names = file.schema_arrow.names
            columns = _find_columns(table, names)
            content = file.read(columns=[names[position] for position in columns.values()])
    except (OSError, ValueError) as error:  # pyarrow's own errors derive from these
        raise UserError(f"{table} is damaged or no Parquet file: {error}") from error
    values = {column: _texts(table, content, names[position]) for column, position in columns.items()}
    splits = values.get("split", [None] * content.num_rows)
    for number, (path, label, split) in enumerate(zip(values["path"], values["label"], splits, strict=True), start=1):
        yield _checked_row(table, f"row {number}", path, label, split)


def _texts(table: Path, content: object, name: str) -> list[str]:
    """A Parquet column of texts or whole numbers as texts, empty where it has no value."""
    column = content.column(name)  # type: ignore[attr-defined]
    values = column.combine_chunks().to_pylist()
    wrong = next((value for value in values if value is not None and not isinstance(value, str | int)), None)
    if wrong is not None:
        raise UserError(
            f"{table}: the column {quoted(name)} holds values of type {column.type}; expected texts or whole numbers"
        )
    return ["" if value is None else str(value) for value in values]
