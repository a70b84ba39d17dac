"""The columns of a Parquet file as texts, in memory that is bounded whatever the file unpacks to."""

from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from convsight.errors import UserError
from convsight.memory import check_memory
from convsight.words import quoted

_MOST_BYTES = 2**30  # of unpacked paths and classes: ten million of a hundred
_AT_ONCE_BYTES = 2**25
_MOST_ROWS = 2**16  # at once
_LONGEST = 4096  # characters, as of a path on Linux; no name of a class is as long
_ROW_BYTES = 200  # of Python's own, for a row's texts
_TEXTS, _NUMBERS = ("string", "large_string", "dictionary"), ("int", "uint", "bool", "halffloat", "float", "double")


def parquet_texts(table: Path, names: Sequence[str], *, flags: bool) -> list[list[str]]:
    """The columns called `names`, of texts or whole numbers, each as texts, empty where it has no value.

    With `flags` they may hold any numbers. Raises `UserError` for other values, for texts that are too long for a path,
    and for more than a table of images can hold. Other errors are pyarrow's, which derive from OSError and ValueError.
    """
    parquet = import_module("pyarrow.parquet")
    with parquet.ParquetFile(table) as file:
        kinds = {each.name: str(each.type) for each in file.schema_arrow}
        stored = [each for each in _columns(file.metadata) if any("DICTIONARY" in code for code in each.encodings)]
    # Stays as numbers of a dictionary: one text that stands in a million rows is unpacked once.
    coded = {each.path_in_schema for each in stored if kinds.get(each.path_in_schema, "").startswith(_TEXTS)}
    found: list[list[str]] = [[] for _ in names]
    with parquet.ParquetFile(table, read_dictionary=[name for name in names if name in coded]) as file:
        at_once = _rows_at_once(table, file.metadata, names)
        for batch in file.iter_batches(batch_size=at_once, columns=list(names)):
            for name, column in zip(names, found, strict=True):
                part = batch.column(batch.schema.get_field_index(name))
                column.extend(_texts(f"{table}: the column {quoted(name)}", part, kinds[name], flags=flags))
    return found


def _columns(metadata: Any) -> Iterator[Any]:
    """What the file says of the parts of its columns."""
    groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
    yield from (group.column(number) for group in groups for number in range(group.num_columns))


def _rows_at_once(table: Path, metadata: Any, names: Sequence[str]) -> int:
    """How many rows to unpack at once; raises `UserError` where there is too much in all."""
    unpacked: int = sum(each.total_uncompressed_size for each in _columns(metadata) if each.path_in_schema in names)
    if unpacked > _MOST_BYTES:
        raise UserError(
            f"{table} unpacks to {unpacked / 2**30:.1f} GiB in {', '.join(map(quoted, names))}, far more than paths "
            "and classes take; write a table of these alone, or several tables"
        )
    check_memory(table, metadata.num_rows * _ROW_BYTES * len(names))
    rows: int = metadata.num_rows
    return max(1, min(_MOST_ROWS, _AT_ONCE_BYTES * rows // max(1, unpacked)))


def _texts(where: str, column: Any, kind: str, *, flags: bool) -> Iterator[str]:
    """A part of a column as texts; equal ones are one object."""
    if column.null_count == len(column):
        yield from [""] * len(column)
        return
    numbers = _NUMBERS if flags else _NUMBERS[:3]
    if not kind.startswith((*_TEXTS, *numbers)):
        raise UserError(f"{where} holds values of type {kind}; expected texts or whole numbers")
    coded = column if str(column.type).startswith("dictionary") else column.dictionary_encode()
    used = coded.indices.drop_null().unique()  # a dictionary may hold what earlier parts of the column did
    values = dict(zip(used.to_pylist(), map(str, coded.dictionary.take(used).to_pylist()), strict=True))
    longest = max(map(len, values.values()), default=0)
    if longest > _LONGEST:
        raise UserError(f"{where} holds a text of {longest:,} characters; expected paths and names of classes")
    for index in coded.indices.to_pylist():
        yield "" if index is None else values[index]
