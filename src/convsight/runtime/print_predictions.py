"""Predictions on standard output as they come: lines for people, JSON and CSV for programs."""

import sys
from collections.abc import Callable, Iterable

from convsight.printing import csv_text
from convsight.runtime.prediction import Answer, answer_line, answer_rows

# Prints answers under the columns of their table; returns how many images could not be answered.
Printer = Callable[[Iterable[Answer], tuple[str, ...]], int]


def print_table(answers: Iterable[Answer], columns: tuple[str, ...]) -> int:
    """One line an image; returns how many could not be answered."""
    return _print(answers, lambda answer: f"{answer.file}: {_summary(answer)}\n")


def print_json(answers: Iterable[Answer], columns: tuple[str, ...]) -> int:
    """One JSON document a line and image; returns how many could not be answered."""
    return _print(answers, lambda answer: f"{answer_line(answer)}\n")


def print_csv(answers: Iterable[Answer], columns: tuple[str, ...]) -> int:
    """The rows of each result under `columns`; returns how many images could not be answered."""
    sys.stdout.write(csv_text([("file", *columns, "error")]))
    return _print(answers, lambda answer: csv_text(answer_rows(answer, columns)))


def _print(answers: Iterable[Answer], text: Callable[[Answer], str]) -> int:
    failed = 0
    for answer in answers:
        failed += answer.result is None
        sys.stdout.write(text(answer))
        sys.stdout.flush()  # whoever reads a stream of answers waits for each
    return failed


def _summary(answer: Answer) -> str:
    return answer.result.summary() if answer.result is not None else f"error: {answer.error}"


PRINTERS: dict[str, Printer] = {"table": print_table, "json": print_json, "csv": print_csv}
