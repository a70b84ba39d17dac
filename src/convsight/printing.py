"""Answers and metrics on standard output: tables for people, JSON and CSV for programs."""

import csv
import json
import sys
from collections.abc import Callable, Iterable, Mapping

import typer
from rich.console import Console
from rich.table import Table

from convsight.runtime.model import Answer
from convsight.tasks.reader import Measured


def metrics_json(metrics: Mapping[str, Measured]) -> dict[str, dict[str, float]]:
    """Metrics as JSON values, each with its interval."""
    return {name: measured._asdict() for name, measured in metrics.items()}


def print_metrics(title: str, metrics: Mapping[str, Measured]) -> None:
    """A table of metrics; those of single classes (`test/recall/cat`) in a second one, a row a class."""
    console = Console(highlight=False)
    whole = Table("metric", "value", "95 % interval", title=title, title_justify="left")
    classes: dict[str, dict[str, Measured]] = {}
    for name, measured in metrics.items():
        split, *path = name.split("/")
        if len(path) > 1 and path[0] != "baseline":
            classes.setdefault(f"{split}: {'/'.join(path[1:])}", {})[path[0]] = measured
        else:
            whole.add_row(name, f"{measured.value:.4f}", f"{measured.low:.4f} .. {measured.high:.4f}")
    console.print(whole)
    if classes:
        columns = list(dict.fromkeys(column for row in classes.values() for column in row))
        table = Table("class", *columns)
        for name, row in classes.items():
            table.add_row(name, *(f"{row[column].value:.4f}" if column in row else "" for column in columns))
        console.print(table)


def print_table(answers: Iterable[Answer], columns: tuple[str, ...]) -> int:
    """One line a picture; returns how many could not be answered."""
    failed = 0
    for answer in answers:
        failed += answer.result is None
        typer.echo(f"{answer.file}: {answer.result.summary() if answer.result else f'error: {answer.error}'}")
    return failed


def print_json(answers: Iterable[Answer], columns: tuple[str, ...]) -> int:
    """One JSON document a line and picture; returns how many could not be answered."""
    failed = 0
    for answer in answers:
        failed += answer.result is None
        told = answer.result.to_json() if answer.result else {"error": answer.error}
        typer.echo(json.dumps({"file": answer.file, **told}))
    return failed


def print_csv(answers: Iterable[Answer], columns: tuple[str, ...]) -> int:
    """The rows of each result under `columns`; returns how many pictures could not be answered."""
    failed = 0
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["file", *columns, "error"])
    for answer in answers:
        if answer.result is None:
            failed += 1
            writer.writerow([answer.file, *[""] * len(columns), answer.error])
        else:
            writer.writerows([answer.file, *row, ""] for row in answer.result.to_rows())
    return failed


PRINTERS: dict[str, Callable[[Iterable[Answer], tuple[str, ...]], int]] = {
    "table": print_table,
    "json": print_json,
    "csv": print_csv,
}
