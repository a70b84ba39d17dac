"""Columns of a table of images that hold numbers to be predicted, with their units: `age [years]`."""

import math
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple, final

import numpy as np

from convsight.datasets.table_answers import TableRow
from convsight.errors import UserError
from convsight.results import NumbersOfMany
from convsight.targets import NumberTargets, TargetSpec
from convsight.words import counted, first_few, quoted

# What a column is called that numbers the rows, as pandas writes one.
_INDEX = frozenset({"", "index", "unnamed: 0", "row", "nr", "no"})
_WITH_UNIT = re.compile(r"(?P<name>.*\S)\s*(\[(?P<unit>[^\[\]]*)\]|\((?P<round>[^()]+)\))")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_FEWEST_ROWS = 20  # of fewer, whole numbers are classes however many differ
_USUAL = 0.5  # of the fields must be numbers, for others to be mistakes


class NumberColumn(NamedTuple):
    """Where a column stands, and what its header says."""

    position: int
    name: str
    unit: str


@final
class NumberAnswers:
    """The numbers in `columns`, of each row."""

    task = "regression"

    def __init__(self, table: Path, columns: Sequence[NumberColumn], notes: Sequence[str] = ()) -> None:
        self._table = table
        self._columns = tuple(columns)
        self.notes = tuple(notes)

    def read(self, row: TableRow) -> tuple[float, ...]:
        return tuple(self._number(row, column) for column in self._columns)

    def words(self, answer: tuple[float, ...]) -> str:
        return ", ".join(f"{value:g}" for value in answer)

    def target(self, answers: Collection[tuple[float, ...]]) -> NumberTargets:
        return NumberTargets(
            names=tuple(column.name for column in self._columns), units=tuple(column.unit for column in self._columns)
        )

    def targets(self, answers: Sequence[tuple[float, ...]], target: TargetSpec) -> NumbersOfMany:
        values = np.array(answers, np.float64).reshape(len(answers), len(self._columns))
        return NumbersOfMany(values, target.names, tuple(column.unit for column in self._columns))

    def _number(self, row: TableRow, column: NumberColumn) -> float:
        text = row.fields[column.position].strip()
        where = f"{self._table}, {row.place}: {quoted(column.name)}"
        if not text:
            raise UserError(f"{where} is empty; fill it in or remove the row")
        if _DECIMAL_COMMA.fullmatch(text):
            raise UserError(f"{where} is {quoted(text)}; write decimals with a point, and thousands without a comma")
        value = number_in(text)
        if value is None:
            raise UserError(f"{where} is {quoted(text)}, which is no number; correct it or remove the row")
        if not math.isfinite(value):
            raise UserError(f"{where} is {quoted(text)}, which is no finite number; fill it in or remove the row")
        return value


def label_numbers(table: Path, names: Sequence[str], position: int, rows: Sequence[TableRow]) -> NumberAnswers | None:
    """The numbers in the column of labels at `position`; None where its values are classes.

    They are numbers where most of them are and one has decimals, or where most are whole numbers that stand there
    once or twice only, as those of classes do not.
    """
    texts = [row.fields[position].strip() for row in rows]
    values = [value for text in texts if (value := number_in(text)) is not None]
    if not values or len(values) <= _USUAL * sum(map(bool, texts)):
        return None
    whole = all(value.is_integer() for value in values if math.isfinite(value))
    if whole and (len(values) < _FEWEST_ROWS or len(set(values)) <= len(values) / 2):
        return None
    why = "most of its values differ" if whole else "its values have decimals"
    note = f"the column {quoted(names[position])} is read as a number, since {why}; --task classification takes classes"
    return NumberAnswers(table, [number_column(names[position], position)], [note])


def number_answers(
    table: Path, names: Sequence[str], candidates: Sequence[int], rows: Sequence[TableRow]
) -> NumberAnswers | None:
    """The numbers in some of the columns at `candidates`, of those called `names`; None where there are none.

    Those whose header has a unit, `age [years]` or `ratio []`; where none has one, all whose fields mostly are numbers.
    """
    columns = [number_column(names[position], position) for position in candidates]
    chosen = [column for column in columns if column.name != names[column.position].strip()]
    why = "which have units"
    if not chosen:
        chosen = [each for each in columns if each.name.lower() not in _INDEX and _mostly_numbers(rows, each.position)]
        why = "which hold numbers; of columns with units, as in 'age [years]' or 'ratio []', only these are"
    if not chosen:
        return None
    listed = first_few([column.name for column in chosen])
    if len({column.name for column in chosen}) < len(chosen):
        raise UserError(f"{table}: two columns of numbers have one name among {listed}; rename one of them")
    left = len(columns) - len(chosen)
    notes = [f"what is predicted: {listed}, {why}"] if left or len(chosen) > 1 else []
    return NumberAnswers(table, chosen, [*notes, *([f"{counted(left, 'other column')} ignored"] if left else [])])


def has_units(names: Sequence[str], candidates: Sequence[int]) -> bool:
    """Whether the header of one of the columns at `candidates` has a unit in square brackets."""
    return any(names[position].strip().endswith("]") and "[" in names[position] for position in candidates)


def number_column(header: str, position: int) -> NumberColumn:
    """A column by its header.

    >>> number_column("age [years]", 1), number_column("height (cm)", 2), number_column("angle", 3)
    (NumberColumn(position=1, name='age', unit='years'), NumberColumn(position=2, name='height', unit='cm'),
    NumberColumn(position=3, name='angle', unit=''))
    """
    found = _WITH_UNIT.fullmatch(header.strip())
    if found is None:
        return NumberColumn(position, header.strip(), "")
    return NumberColumn(position, found["name"], (found["unit"] or found["round"] or "").strip())


def number_in(text: str) -> float | None:
    """The number that `text` is, perhaps infinite or not a number; None for other texts and an empty one.

    >>> number_in("3.5"), number_in("1e3"), number_in("nan"), number_in("3_5"), number_in("cat")
    (3.5, 1000.0, nan, None, None)
    """
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None


def _mostly_numbers(rows: Sequence[TableRow], position: int) -> bool:
    texts = [text for row in rows if (text := row.fields[position].strip())]
    numbers = sum(number_in(text) is not None or _DECIMAL_COMMA.fullmatch(text) is not None for text in texts)
    return numbers > _USUAL * len(texts)


def numeric_classes(names: Sequence[str]) -> list[float] | None:
    """The numbers that names of classes are; None where one is no finite number.

    >>> numeric_classes(["0", "1.5"]), numeric_classes(["0", "cat"])
    ([0.0, 1.5], None)
    """
    found: list[Any] = [number_in(name) for name in names]
    return found if all(value is not None and math.isfinite(value) for value in found) else None
