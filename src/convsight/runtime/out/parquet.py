"""A Parquet file from the rows of a finished job: half of such a file could not be gone on with."""

import json
from collections.abc import Iterator
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from convsight.errors import UserError
from convsight.files import write_atomic_with
from convsight.words import in_utf8

_ROWS = 10_000  # in memory at once, and in a row group


def require_pyarrow() -> None:
    """Raises `UserError` that says what to install where Parquet files cannot be written."""
    try:
        import_module("pyarrow.parquet")
    except ImportError as error:
        raise UserError('writing Parquet needs pyarrow: pip install ".[parquet]" in the clone of convsight') from error


def write_parquet(rows: Path, path: Path, columns: tuple[str, ...]) -> None:
    """Write the rows (one JSON array a line) under `columns` to `path`, whole or not at all."""
    pyarrow = import_module("pyarrow")
    parquet = import_module("pyarrow.parquet")
    kinds = zip(columns, _kinds(rows, columns), strict=True)
    schema = pyarrow.schema(
        [(name, pyarrow.float64() if kind in {int, float} else pyarrow.string()) for name, kind in kinds]
    )

    def write(temporary: Path) -> None:
        with parquet.ParquetWriter(temporary, schema) as file:
            lines = _rows(rows)
            while group := list(islice(lines, _ROWS)):
                arrays = [
                    pyarrow.array([row[index] for row in group], field.type) for index, field in enumerate(schema)
                ]
                file.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))

    write_atomic_with(path, write)


def _kinds(rows: Path, columns: tuple[str, ...]) -> list[type | None]:
    """The type of each column: that of its first value; None where it has none."""
    kinds: list[type | None] = [None] * len(columns)
    for row in _rows(rows):
        kinds = [kind or (None if value is None else type(value)) for kind, value in zip(kinds, row, strict=True)]
        if all(kinds[:-1]):  # the last one is the error, a text
            break
    return kinds


def _rows(path: Path) -> Iterator[list[Any]]:
    with open(path, encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            yield [in_utf8(row[0]), *row[1:]]  # Parquet takes no name that is no UTF-8 on the disk
