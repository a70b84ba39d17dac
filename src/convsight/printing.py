"""What every verb prints with: tables for people, JSON and CSV for programs."""

import codecs
import csv
import io
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from convsight.metrics import Described, Measured, metric_of, whole_and_parts
from convsight.words import counted, visible

# Of the JSON that verbs print: another where a key that programs read changes its meaning, or goes.
DOCUMENT_VERSION = 1
_PADDING = 2  # columns of a terminal beside each cell
_UNBOUNDED = 10_000  # columns: as many as any table needs

# How a text begins that a spreadsheet takes for a formula (OWASP, "CSV Injection"), plain or in full width.
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def json_document(document: Mapping[str, Any]) -> str:
    """A JSON document in one line, its version first.

    >>> json_document({"file": "cat.jpg"})
    '{"version": 1, "file": "cat.jpg"}'
    """
    return json.dumps({"version": DOCUMENT_VERSION, **document})


def csv_text(rows: Iterable[tuple[Any, ...]], *, spreadsheet: bool = False) -> str:
    r"""Rows as lines of CSV, characters that control a terminal made visible.

    For a `spreadsheet`, an apostrophe stands before texts that it would run as a formula.

    >>> csv_text([("a,b", 0.5, None)])
    '"a,b",0.5,\n'
    >>> csv_text([("=1+1", -0.5)], spreadsheet=True)
    "'=1+1,-0.5\n"
    """
    text = io.StringIO()
    cells = ([_csv_cell(value, spreadsheet) for value in row] for row in rows)
    csv.writer(text, lineterminator="\n").writerows(cells)
    return text.getvalue()


def _csv_cell(value: Any, spreadsheet: bool) -> Any:
    if not isinstance(value, str):
        return value
    guard = "'" if spreadsheet and value.lstrip().startswith(_FORMULA) else ""
    return guard + visible(value)


def metrics_json(metrics: Mapping[str, Measured], described: Described) -> dict[str, dict[str, float | str | None]]:
    """Metrics as JSON values, each with its interval and unit.

    The ends of an interval are None where it has no width, which tells nothing; a unit is empty for plain numbers.
    """
    return {
        name: {
            "value": value,
            "low": low if low < high else None,
            "high": high if low < high else None,
            "unit": metric_of(described, name).unit,
        }
        for name, (value, low, high) in metrics.items()
    }


def print_metrics(title: str, metrics: Mapping[str, Measured], described: Described) -> None:
    """A table of metrics; those of single classes (`test/recall/cat`) in a second one, a row a class."""
    console = Console(highlight=False, markup=False, emoji=False)
    whole = Table("metric", "value", "95 % interval", title=visible(title), title_justify="left")
    of_all, classes = whole_and_parts(metrics)
    for name, measured in of_all.items():
        metric = metric_of(described, name)
        whole.add_row(visible(name), metric.text(measured.value), metric.interval(measured, " .. "))
    console.print(whole)
    # Rows that begin with another column speak of something else: classes, kinds of errors.
    for first in dict.fromkeys(next(iter(row)) for row in classes.values()):
        rows = {name: row for name, row in classes.items() if next(iter(row)) == first}
        columns = list(dict.fromkeys(column for row in rows.values() for column in row))
        table = Table("", *columns)
        for name, row in rows.items():
            table.add_row(visible(name), *(_cell(row, column, described) for column in columns))
        console.print(table)


class Judged(Protocol):
    """What was judged, and what came out: `metrics` by name on `images` images of `data`."""

    @property
    def data(self) -> str:
        """Where the images are from."""

    @property
    def images(self) -> int:
        """How many there are."""

    @property
    def parts(self) -> Mapping[str, int]:
        """How many are behind the metrics of each name."""

    @property
    def metrics(self) -> Mapping[str, Measured]:
        """The metrics by name."""

    @property
    def described(self) -> Described:
        """What each metric is."""


def print_evaluation(what: str, found: Judged, output: str) -> None:
    """The numbers of `what` was judged, in the format `output`: table, json or csv."""
    if output == "json":
        metrics = metrics_json(found.metrics, found.described)
        document = {"data": found.data, "pictures": found.images, "parts": dict(found.parts), "metrics": metrics}
        print(json_document(document))
    elif output == "csv":
        print(metrics_csv(found.metrics, found.described), end="")
    else:
        print_metrics(f"{what} on {counted(found.images, 'image')} of {found.data}", found.metrics, found.described)


def metrics_csv(metrics: Mapping[str, Measured], described: Described) -> str:
    r"""A line a metric: its name, value, interval and unit; the ends of an interval without width are empty.

    >>> metrics_csv({"test/accuracy": Measured(0.9, 0.85, 0.93)}, {})
    'metric,value,low,high,unit\ntest/accuracy,0.9,0.85,0.93,\n'
    """
    rows = ((name, *values.values()) for name, values in metrics_json(metrics, described).items())
    return csv_text([("metric", "value", "low", "high", "unit"), *rows])


def _cell(row: Mapping[str, Measured], column: str, described: Described) -> str:
    return metric_of(described, column).text(row[column].value) if column in row else ""


def print_fitting(console: Console, tables: Iterable[Table]) -> None:
    """Print the first of `tables`, the widest first, of which no word has to be cut on `console`; else the last."""
    found: Table | None = None
    for found in tables:
        if _needed(console, found) <= console.width:
            break
    if found is not None:
        console.print(found)


def _needed(console: Console, table: Table) -> int:
    """How many columns of a terminal `table` needs: those of its words, and of whole cells where none may wrap."""
    wide = console.options.update(width=_UNBOUNDED)
    total = (len(table.columns) + 1) * (table.box is not None)
    for column in table.columns:
        cells = [Measurement.get(console, wide, cell) for cell in (column.header, *column.cells)]
        content = max(cell.maximum if column.no_wrap else cell.minimum for cell in cells)
        total += max(content, column.min_width or 0) + _PADDING
    return total


@contextmanager
def while_read() -> Iterator[None]:
    """Print for as long as somebody reads: one who leaves before the end, such as `head`, is no error."""
    if isinstance(sys.stdout, io.TextIOWrapper) and codecs.lookup(sys.stdout.encoding).name == "utf-8":
        sys.stdout.reconfigure(errors="surrogateescape")  # names of files are bytes, and go out as they came
    try:
        yield
    except BrokenPipeError:
        # Python would complain once more when it closes standard output at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
