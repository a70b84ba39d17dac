"""Lists of networks on standard output: a table for people, JSON and CSV for programs."""

import csv
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from typing import Literal

import typer
from rich.console import Console
from rich.table import Table

from convsight.net_list.listed import ListedNet
from convsight.printing import print_fitting
from convsight.units import short_count

_UNFOLDED = 300  # characters a line where no terminal folds them


_COLUMNS = ("net", "parameters", "multiply-adds", "input", "top-1 %", "task", "licence", "weights", "about")
_TEXTS = {"task": 6, "licence": 10, "weights": 12, "about": 24}  # columns of text, and the least they need each
_FEWER = (
    _COLUMNS,
    _COLUMNS[:8],
    _COLUMNS[:7],
    _COLUMNS[:5],
    ("net", "parameters", "input", "top-1 %"),
    ("net", "parameters"),
)


def print_nets_table(nets: Sequence[ListedNet]) -> None:
    """One line a network; what was not counted, or is not known, is left empty. A narrow terminal has fewer columns."""
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _UNFOLDED
    print_fitting(console, (_table(nets, columns) for columns in _FEWER))


def _table(nets: Sequence[ListedNet], columns: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        text = column in _TEXTS
        justify: Literal["left", "right"] = "left" if text or column == "net" else "right"
        table.add_column(column, no_wrap=not text, justify=justify, min_width=_TEXTS.get(column))
    for net in nets:
        cells = {
            "net": net.name,
            "parameters": _count(net.parameters),
            "multiply-adds": _count(net.multiply_adds),
            "input": f"{net.side} px",
            "top-1 %": "" if net.accuracy is None else f"{100 * net.accuracy:.1f}",
            "task": net.task,
            "licence": net.licence,
            "weights": f"{net.weights}: {net.weights_licence}" if net.weights_licence else net.weights,
            "about": net.about,
        }
        table.add_row(*(cells[column] for column in columns))
    return table


def _count(number: int | None) -> str:
    return "" if number is None else short_count(number)


def print_nets_json(nets: Sequence[ListedNet]) -> None:
    """One JSON list."""
    typer.echo(json.dumps([asdict(net) for net in nets], indent=1))


def print_nets_csv(nets: Sequence[ListedNet]) -> None:
    """A row a network under the names of its facts."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([field.name for field in fields(ListedNet)])
    writer.writerows(asdict(net).values() for net in nets)


NET_PRINTERS: dict[str, Callable[[Sequence[ListedNet]], None]] = {
    "table": print_nets_table,
    "json": print_nets_json,
    "csv": print_nets_csv,
}
