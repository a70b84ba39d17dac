"""A prediction as the bytes of lines: CSV, JSON Lines, and the JSON rows from which a Parquet file is made."""

import json
from collections.abc import Callable
from typing import NamedTuple

from convsight.printing import csv_text
from convsight.runtime.prediction import Prediction, json_text, table_rows

Columns = tuple[str, ...]


class RowFormat(NamedTuple):
    """How a format begins, and what it adds for each prediction."""

    head: Callable[[Columns], str]
    lines: Callable[[Prediction, Columns], str]


def csv_head(columns: Columns) -> str:
    r"""The names of the columns.

    >>> csv_head(("label", "probability"))
    'file,label,probability,error\n'
    """
    return csv_text([("file", *columns, "error")])


def csv_lines(prediction: Prediction, columns: Columns) -> str:
    """The rows of a prediction."""
    return csv_text(table_rows(prediction, columns))


def spreadsheet_head(columns: Columns) -> str:
    """The names of the columns, with an apostrophe before those that a spreadsheet would run."""
    return csv_text([("file", *columns, "error")], spreadsheet=True)


def spreadsheet_lines(prediction: Prediction, columns: Columns) -> str:
    """The rows of a prediction, likewise."""
    return csv_text(table_rows(prediction, columns), spreadsheet=True)


def json_line(prediction: Prediction, columns: Columns) -> str:
    """The prediction as one JSON document."""
    return f"{json_text(prediction)}\n"


def _json_rows(prediction: Prediction, columns: Columns) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in table_rows(prediction, columns))


def _nothing(columns: Columns) -> str:
    return ""


SPREADSHEET = RowFormat(spreadsheet_head, spreadsheet_lines)
# The suffix of the file that is appended to -> its format.
ROW_FORMATS = {
    ".csv": RowFormat(csv_head, csv_lines),
    ".jsonl": RowFormat(_nothing, json_line),
    ".parquet": RowFormat(_nothing, _json_rows),
}
