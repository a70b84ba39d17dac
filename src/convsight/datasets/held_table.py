"""A table of pandas or polars as data: read as a file of such a table in the working directory is."""

import csv
import math
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from convsight.datasets.dataset import IN_MEMORY, Dataset, Split
from convsight.datasets.read import read_as_it_is
from convsight.datasets.table_images import IMAGE_COLUMNS, TableImages, find_column, relative_to
from convsight.errors import UserError

_NAME = "table"


def table_dataset(table: Any, column: str | None = None) -> Dataset:
    """The images that a table lists, with labels or boxes: its columns are those of a CSV file.

    `Split.groups` holds its `column`.

    It is written as one and read back, so that both always mean the same. Raises `UserError` as for a file.
    """
    with TemporaryDirectory(prefix="convsight-table-") as folder:
        file = Path(folder).resolve() / "table.csv"
        notes = _write(table, file)
        try:
            dataset = read_as_it_is(file, column)
        except UserError as error:
            raise UserError(str(error).replace(str(file), "the table")) from None
    splits = {name: _named_from_here(split) for name, split in dataset.splits.items()}
    return replace(dataset, name=_NAME, source=f"{_NAME}{IN_MEMORY}", splits=splits, notes=(*dataset.notes, *notes))


def _write(table: Any, file: Path) -> list[str]:
    """Write `table` to `file`, its images by whole paths; returns what there is to remark."""
    columns = [str(column) for column in table.columns]
    image = find_column(columns, IMAGE_COLUMNS)
    here = TableImages(Path.cwd() / "the table")
    with open(file, "w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened)
        writer.writerow(columns)
        rows = zip(*(table[column] for column in table.columns), strict=True)
        for number, row in enumerate(rows):
            fields = [_field(value) for value in row]
            if image >= 0 and fields[image]:
                fields[image] = str(here.find(f"row {number}", fields[image]))
            writer.writerow(fields)
    here.check_all_found()
    return here.notes()


def _field(value: Any) -> str:
    empty = value is None or (isinstance(value, float) and math.isnan(value))
    return "" if empty else str(value).strip()


def _named_from_here(split: Split) -> Split:
    here = Path.cwd()
    return replace(split, names=[relative_to(Path(image), here) for image in split.images])
