"""A table with a number, or several, for each image."""

from collections.abc import Sequence

import numpy as np

from convsight.datasets.answers.answer_table import AnswerTable, Row, answer_table, numbers_in
from convsight.datasets.answers.answers import Answers, GivenAnswers
from convsight.errors import UserError
from convsight.results import Numbers
from convsight.targets import NumberTargets
from convsight.words import first_few

_WANTED = "a .csv or .tsv table with a column image, and one for each number"
_ONE = ("value", "prediction", "predicted", "number", "answer")  # what the column of the only number may be called
# What asks for how likely every value is.
_OF_DISTRIBUTIONS = frozenset({"coverage", "width", "nll"})


def read_numbers(given: GivenAnswers) -> Answers:
    """The answers of a .csv or .tsv with a column `image` and one called like each number, with its unit or without.

    The column of an only number may be called `value` or `prediction` too. Intervals, such as `predict --format csv`
    writes, are not judged: they are no whole distributions.

    Raises `UserError` naming the line for an unknown image, one that is answered twice, and what is no number; and for
    images without an answer, since no number stands for none.
    """
    target = given.dataset.target
    if not isinstance(target, NumberTargets):
        raise TypeError(f"numbers need NumberTargets, not {type(target).__name__}")
    table = answer_table(given, _WANTED)
    columns = _columns(table, target)

    def says(place: str, fields: Sequence[str]) -> Row | None:
        texts = [fields[column] for column in columns]
        return numbers_in(place, texts, "a number for each of the columns") if any(texts) else None

    found = table.read(says)
    missing = [given.split.names[position] for position in range(len(given.split)) if position not in found]
    if missing:
        raise UserError(
            f"{given.path} has no number for {len(missing):,} of {len(given.split):,} images, such as "
            f"{first_few(missing, most=2)}; add them, or judge another --split"
        )
    ones = np.ones(len(target.names))

    def result(position: int) -> Numbers:
        return Numbers(target.names, target.units, found[position], ones)

    return Answers(result, without=_OF_DISTRIBUTIONS)


def _columns(table: AnswerTable, target: NumberTargets) -> list[int]:
    """The column of each number."""
    found = []
    for name, label in zip(target.names, target.labels, strict=True):
        spellings = [label.lower(), name.lower(), f"{name} [{label.removeprefix(name).strip(' ()')}]".lower()]
        column = table.column([*spellings, *(_ONE if len(target.names) == 1 else ())])
        if column is None:
            raise UserError(f"{table.given.path} has no column {label}; it has {first_few(table.header)}")
        found.append(column)
    return found
