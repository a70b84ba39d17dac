"""Predictions on standard output as they come: lines for people, JSON and CSV for programs."""

import sys
from collections.abc import Callable, Iterable

from convsight.output_encoding import print_utf8
from convsight.printing import csv_text
from convsight.runtime.prediction import Prediction, json_text, table_rows
from convsight.words import visible

# Prints predictions under the columns of their table; returns how many images could not be predicted.
Printer = Callable[[Iterable[Prediction], tuple[str, ...]], int]


def print_table(predictions: Iterable[Prediction], columns: tuple[str, ...]) -> int:
    """One line an image; returns how many could not be predicted."""
    return _print(predictions, lambda prediction: f"{visible(f'{prediction.file}: {_summary(prediction)}')}\n")


def print_json(predictions: Iterable[Prediction], columns: tuple[str, ...]) -> int:
    """One JSON document a line and image; returns how many could not be predicted."""
    return _print(predictions, lambda prediction: f"{json_text(prediction)}\n")


def print_csv(predictions: Iterable[Prediction], columns: tuple[str, ...]) -> int:
    """The rows of each result under `columns`; returns how many images could not be predicted."""
    return _print_csv(predictions, columns, spreadsheet=False)


def print_spreadsheet(predictions: Iterable[Prediction], columns: tuple[str, ...]) -> int:
    """The same, with an apostrophe before texts that a spreadsheet would run."""
    return _print_csv(predictions, columns, spreadsheet=True)


def _print_csv(predictions: Iterable[Prediction], columns: tuple[str, ...], *, spreadsheet: bool) -> int:
    print_utf8()
    sys.stdout.write(csv_text([("file", *columns, "error")], spreadsheet=spreadsheet))
    return _print(predictions, lambda prediction: csv_text(table_rows(prediction, columns), spreadsheet=spreadsheet))


def _print(predictions: Iterable[Prediction], text: Callable[[Prediction], str]) -> int:
    failed = 0
    for prediction in predictions:
        failed += prediction.result is None
        sys.stdout.write(text(prediction))
        sys.stdout.flush()  # whoever reads a stream of predictions waits for each
    return failed


def _summary(prediction: Prediction) -> str:
    return prediction.result.summary() if prediction.result is not None else f"error: {prediction.error}"


PRINTERS: dict[str, Printer] = {"table": print_table, "json": print_json, "csv": print_csv}
