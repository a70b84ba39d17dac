"""Lists of networks on standard output: a table for people, JSON and CSV for programs."""

import csv
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields

import typer
from rich.console import Console
from rich.table import Table

from convsight.net_list.listed import ListedNet
from convsight.units import short_count

_UNFOLDED = 300  # characters a line where no terminal folds them


def print_nets_table(nets: Sequence[ListedNet]) -> None:
    """One line a network; what was not counted, or is not known, is left empty."""
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = _UNFOLDED
    table = Table(box=None, pad_edge=False)
    for column in ("net", "parameters", "multiply-adds", "input", "top-1 %"):
        table.add_column(column, no_wrap=True, justify="left" if column == "net" else "right")
    for column in ("task", "licence", "weights", "about"):
        table.add_column(column)
    for net in nets:
        table.add_row(
            net.name,
            _count(net.parameters),
            _count(net.multiply_adds),
            f"{net.side} px",
            "" if net.accuracy is None else f"{100 * net.accuracy:.1f}",
            net.task,
            net.licence,
            f"{net.weights}: {net.weights_licence}" if net.weights_licence else net.weights,
            net.about,
        )
    console.print(table)


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
