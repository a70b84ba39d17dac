"""Tables with a column for each class or label: 1 in the rows of the images that show it, 0 elsewhere."""

from collections.abc import Sequence
from pathlib import Path

from convsight.datasets.names import class_name
from convsight.datasets.table_answers import ClassAnswers, LabelAnswers, TableAnswers, TableRow
from convsight.errors import UserError
from convsight.words import counted, first_few, quoted

_ONE, _ZERO, _MINUS = frozenset({"1", "1.0", "true"}), frozenset({"0", "0.0", "false"}), frozenset({"-1", "-1.0"})
_MOST = 0.5  # of the rows: a column with 0 or 1 in more of them is one of flags, in which others are mistakes


def flag_answers(
    table: Path, names: Sequence[str], candidates: Sequence[int], rows: Sequence[TableRow]
) -> TableAnswers | None:
    """What the columns of `rows` say that hold 0 and 1; None where there are not two of them.

    `candidates` are positions among the columns `names`. Where each row has one 1, that is the image's class; else
    images have any number of labels. Tables that hold no 0 but -1 mean that by it, as CelebA's does.

    Raises `UserError` naming the line for a field that is neither in a column that mostly holds these, and for columns
    of probabilities beside those of labels.
    """
    zero = _zero(candidates, rows)
    columns = [position for position in candidates if _share(rows, position, zero) > _MOST]
    if len(columns) < 2:
        return None
    for position in columns:
        _check(table, names[position], position, rows, zero)
    for position in candidates:
        if position not in columns:
            _refuse_probabilities(table, names[position], position, rows)
    labels = tuple(class_name(names[position]) for position in columns)
    if twice := [label for label in labels if not label or labels.count(label) > 1]:
        raise UserError(f"{table}: several columns are called {quoted(twice[0])}; give each label a name of its own")

    def labels_of(row: TableRow) -> tuple[str, ...]:
        found = zip(labels, columns, strict=True)
        return tuple(label for label, position in found if row.fields[position].strip().lower() in _ONE)

    others = [(row.place, len(labels_of(row))) for row in rows if len(labels_of(row)) != 1]
    if not others:
        return ClassAnswers(lambda row: labels_of(row)[0])
    place, count = others[0]
    note = (
        f"read as several labels an image, from the columns {first_few(labels)}, since {place} is of "
        f"{count or 'none'} of them; for one class an image correct {counted(len(others), 'such row')}"
    )
    return LabelAnswers(table, labels_of, labels, [note])


def _zero(candidates: Sequence[int], rows: Sequence[TableRow]) -> frozenset[str]:
    """What stands for "not": 0, or -1 where no column of flags holds 0."""
    held = [{row.fields[position].strip().lower() for row in rows} for position in candidates]
    flags = [values for values in held if values <= _ONE | _ZERO | _MINUS]
    minus = any(values & _MINUS for values in flags) and not any(values & _ZERO for values in flags)
    return _MINUS if minus else _ZERO


def _share(rows: Sequence[TableRow], position: int, zero: frozenset[str]) -> float:
    """How much of a column is 0 or 1."""
    known = sum(row.fields[position].strip().lower() in _ONE | zero for row in rows)
    return known / max(1, len(rows))


def _check(table: Path, name: str, position: int, rows: Sequence[TableRow], zero: frozenset[str]) -> None:
    """Raise `UserError` for the first field that says neither yes nor no."""
    wrong = [row for row in rows if row.fields[position].strip().lower() not in _ONE | zero]
    if wrong:
        text = wrong[0].fields[position].strip()
        held = f"is {quoted(text)}, neither 0 nor 1{_rounding(text)}" if text else "is empty; write 0 or 1"
        raise UserError(
            f"{table}, {wrong[0].place}: the label {quoted(name)} {held}, or remove the row "
            f"({counted(len(wrong), 'row')} of that column to correct; leave it out where it is no label)"
        )


def _rounding(text: str) -> str:
    share = _number(text)
    return ": round probabilities" if share is not None and 0 < share < 1 else ": correct it"


def _refuse_probabilities(table: Path, name: str, position: int, rows: Sequence[TableRow]) -> None:
    numbers = [_number(row.fields[position]) for row in rows]
    if all(number is not None and 0 <= number <= 1 for number in numbers):
        row = next(row for row in rows if _number(row.fields[position]) not in (0, 1))
        raise UserError(
            f"{table}, {row.place}: the column {quoted(name)} holds {row.fields[position].strip()}, a probability it "
            "seems, beside columns of labels, which are 0 or 1; round it, or leave the column out"
        )


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
