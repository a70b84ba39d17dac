"""Labels of a table that has a column for each class: 1 in the rows of its images, 0 elsewhere."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from convsight.errors import UserError
from convsight.words import first_few

_ONE, _ZERO = frozenset({"1", "1.0", "true"}), frozenset({"0", "0.0", "false"})
_Rows = Sequence[tuple[str, list[str]]]


def one_hot_labels(
    table: Path, names: Sequence[str], candidates: Sequence[int], rows: _Rows
) -> Iterator[tuple[str, list[str], str]] | None:
    """Each of `rows`, which have their places, with its label; None where the table has no such columns.

    Of the `candidates`, positions among the columns `names`, those count that hold nothing but 0 and 1.

    Raises `UserError` naming the line where not exactly one is 1.
    """
    columns = [position for position in candidates if _is_flag(rows, position)]
    if len(columns) < 2:
        return None
    return ((place, fields, _label(table, names, columns, place, fields)) for place, fields in rows)


def _is_flag(rows: _Rows, position: int) -> bool:
    allowed = _ONE | _ZERO
    return bool(rows) and all(fields[position].strip().lower() in allowed for _, fields in rows)


def _label(table: Path, names: Sequence[str], columns: Sequence[int], place: str, fields: Sequence[str]) -> str:
    ones = [names[position] for position in columns if fields[position].strip().lower() in _ONE]
    if len(ones) == 1:
        return ones[0]
    listed = first_few([names[position] for position in columns])
    raise UserError(
        f"{table}, {place}: {first_few(ones) or 'none'} of the columns {listed} is 1, but an image is of one class; "
        "correct the row, or give the classes in a column 'label'"
    )
