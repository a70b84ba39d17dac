"""Tables of images: CSV, TSV or Parquet with a path and a label or several a row, and perhaps a split."""

import os
from collections.abc import Hashable, Iterator, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from convsight.datasets.dataset import SPLIT_NAMES, UNSPLIT, Dataset, Split
from convsight.datasets.flag_columns import flag_answers
from convsight.datasets.label_names import LABELS_COLUMNS, name_answers, separator_of
from convsight.datasets.names import SPLIT_SPELLINGS, class_name, data_name, split_called, storable
from convsight.datasets.number_columns import has_units, label_numbers, number_answers
from convsight.datasets.parquet_texts import parquet_texts
from convsight.datasets.table_answers import ClassAnswers, TableAnswers, TableRow
from convsight.datasets.table_images import (
    IMAGE_COLUMNS,
    LABEL_COLUMNS,
    TableImages,
    find_column,
    relative_to,
)
from convsight.datasets.text_rows import text_rows
from convsight.errors import UserError, unknown_name
from convsight.targets import TargetSpec
from convsight.words import counted, first_few, quoted

_SUFFIXES = (".csv", ".tsv", ".parquet")


class _Columns(NamedTuple):
    """Where path, label, labels, split and what images are grouped by stand; -1 for one that is not there."""

    path: int
    label: int
    labels: int
    split: int
    group: int

    @classmethod
    def of(cls, table: Path, names: Sequence[str], group: str) -> "_Columns":
        spellings = (IMAGE_COLUMNS, LABEL_COLUMNS, LABELS_COLUMNS, ("split",), (group.strip().lower(),))
        found = cls(*(find_column(names, each) for each in spellings))
        if found.path < 0:
            raise _lacking(table, "path", IMAGE_COLUMNS, names)
        return found


class LabelRow(NamedTuple):
    """One image; `place` is where a message finds it (`line 3`)."""

    place: str
    path: str
    answer: Hashable
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
    table's folder, or found as `TableImages.find` says; `label` (or another of `LABEL_COLUMNS`), or `labels` (or
    another of `LABELS_COLUMNS`) with several names, see `name_answers`, or a column for each class or label that holds
    1 in the rows of its images and 0 elsewhere, see `flag_answers`; and, if there, `split` (train, val or test, in any
    usual spelling). Of text files see `text_rows`. `Split.groups` holds the column called `column`, if it is there.

    Raises `UserError` naming the line for a missing column, an empty field, an image that is not there, an
    unknown split, or an image listed with two labels or in two splits.
    """
    read = _parquet_rows if path.suffix.lower() == ".parquet" else _text_rows
    return labelled_images(path, path.parent, *read(path, column))


def labelled_images(path: Path, folder: Path, answers: TableAnswers, rows: Iterator[LabelRow]) -> Dataset:
    """The images that `rows` of the data at `path` list, their names relative to `folder`; raises as a table does."""
    found = TableImages(path, folder)
    images, repeated = _distinct(path, answers, (_image(found, folder, row) for row in rows))
    if not images:
        raise UserError(f"{path} lists no images; expected one a row")
    found.check_all_found()
    target = answers.target([image.row.answer for image in images])
    splits = {name: [image for image in images if image.row.split == name] for name in (*SPLIT_NAMES, UNSPLIT)}
    notes = [f"left out, since they repeat another: {counted(repeated, 'row')}"] if repeated else []
    return Dataset(
        name=data_name(path),
        source=str(path),
        task=answers.task,
        target=target,
        splits={name: _split(name, chosen, answers, target) for name, chosen in splits.items() if chosen},
        notes=(*found.notes(), *answers.notes, *_several(answers, target), *notes),
    )


def _several(answers: TableAnswers, target: TargetSpec) -> Iterator[str]:
    """A remark on classes that look like several labels, which only the user can tell."""
    several = [name for name in target.names if separator_of([name], (";", "|"))]
    if isinstance(answers, ClassAnswers) and several:
        yield f"classes such as {quoted(several[0])} look like several labels; --task multilabel reads them so"


def _image(found: TableImages, folder: Path, row: LabelRow) -> _Image:
    file = found.find(row.place, row.path)
    return _Image(row, file, storable(row.path) if file == folder / row.path else relative_to(file, folder))


def _split(name: str, images: Sequence[_Image], answers: TableAnswers, target: TargetSpec) -> Split:
    targets = answers.targets([image.row.answer for image in images], target)
    groups = [image.row.group for image in images if image.row.group is not None]
    names = [image.name for image in images]
    return Split(name, [image.file for image in images], targets, names, groups or None)


def _distinct(table: Path, answers: TableAnswers, images: Iterator[_Image]) -> tuple[list[_Image], int]:
    """The images, each once, and how many rows repeated another."""
    first: dict[str, _Image] = {}
    repeated = 0
    for image in images:
        known = first.setdefault(image.name, image)
        row, before = image.row, known.row
        labels = [answers.words(each.answer) for each in (before, row)] if row.answer != before.answer else ["", ""]
        said = (
            ("labelled", *labels),
            ("in", *_quoted(before.split, row.split)),
            ("of", *_quoted(before.group, row.group)),
        )
        for what, one, two in said:
            if one != two:
                here = f"{image.name} is {what} {two} here but {one} in {before.place}"
                raise UserError(f"{table}, {row.place}: {here}; keep one of the rows")
        repeated += known is not image
    return list(first.values()), repeated


def _quoted(*values: str | None) -> list[str]:
    return [quoted(value) for value in values]


def _checked_row(table: Path, answers: TableAnswers, columns: _Columns, row: TableRow) -> LabelRow:
    """A row of the table, its fields trimmed and in one spelling."""
    place, fields = row
    path = fields[columns.path].strip()
    if not path:
        raise UserError(f"{table}, {place}: the path is empty; fill it in or remove the row")
    group = fields[columns.group].strip() if columns.group >= 0 else None
    if columns.split < 0:
        return LabelRow(place, _normal(path), answers.read(row), UNSPLIT, group)
    split = fields[columns.split]
    known = split_called(split)
    if known is None:
        raise UserError(f"{table}, {place}: {unknown_name('split', split, SPLIT_SPELLINGS)}")
    return LabelRow(place, _normal(path), answers.read(row), known, group)


def _normal(path: str) -> str:
    # `a/../b.jpg` and `./b.jpg` are one image.
    return os.path.normpath(path).replace(os.sep, "/")


def _lacking(table: Path, what: str, spellings: Sequence[str], names: Sequence[str]) -> UserError:
    return UserError(
        f"{table} has no column {what!r} (or {', '.join(spellings[1:])}); "
        f"its columns are {first_few([quoted(name) for name in names], most=20) or 'none'}"
    )


def _text_rows(table: Path, group: str) -> tuple[TableAnswers, Iterator[LabelRow]]:
    rows = text_rows(table)
    _, header = next(rows, ("", []))
    return _rows_of(table, header, group, rows)


def _rows_of(
    table: Path, names: Sequence[str], group: str, read: Iterator[tuple[str, list[str]]]
) -> tuple[TableAnswers, Iterator[LabelRow]]:
    """What a table says whose columns are called `names`, one of them perhaps `group`, and its rows."""
    columns = _Columns.of(table, names, group)
    rows = [TableRow(*row) for row in read]  # how answers are written shows in all of them
    answers = _answers(table, names, columns, rows)
    if answers is None:
        raise _lacking(table, "label", LABEL_COLUMNS, names)
    return answers, (_checked_row(table, answers, columns, row) for row in rows)


def _answers(table: Path, names: Sequence[str], columns: _Columns, rows: Sequence[TableRow]) -> TableAnswers | None:
    """What the columns of a table say: numbers, one class, or any number of labels; None where there is nothing."""
    others = [position for position in range(len(names)) if position not in columns]
    if columns.label >= 0:
        classes = ClassAnswers(partial(_class, table, columns.label))
        return label_numbers(table, names, columns.label, rows) or classes
    if columns.labels >= 0:
        return name_answers(table, columns.labels, rows)
    if has_units(names, others):
        return number_answers(table, names, others, rows)
    return flag_answers(table, names, others, rows) or number_answers(table, names, others, rows)


def _class(table: Path, column: int, row: TableRow) -> str:
    label = class_name(row.fields[column])
    if not label:
        raise UserError(f"{table}, {row.place}: the label is empty; fill it in or remove the row")
    return label


def _parquet_rows(table: Path, group: str) -> tuple[TableAnswers, Iterator[LabelRow]]:
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
            named = columns.label >= 0 or columns.labels >= 0
            if not named and not flags:
                raise _lacking(table, "label", LABEL_COLUMNS, schema.names)
            wanted += flags if not named else []
        numbers = columns.label >= 0 and _is_flag(str(schema.types[columns.label]))
        texts = parquet_texts(table, wanted, flags=numbers or not named)
    except (OSError, ValueError) as error:  # pyarrow's own errors derive from these
        raise UserError(f"{table} is damaged or no Parquet file: {error}") from error
    rows = ((f"row {number}", list(fields)) for number, fields in enumerate(zip(*texts, strict=True), start=1))
    return _rows_of(table, wanted, group, rows)


def _is_flag(kind: str) -> bool:
    """Whether a Parquet column of this type may say of each row whether it is of a class."""
    return kind.startswith(("int", "uint", "bool", "float", "double", "halffloat"))
