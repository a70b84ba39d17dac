"""What the verb `compare` prints and writes."""

from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from convsight.files import write_atomic
from convsight.printing import json_document
from convsight.progress import Terminal
from convsight.report.compare import SideBySide, compare_runs, in_words
from convsight.report.compare_page import compare_html, speed
from convsight.report.parts.summary import duration
from convsight.words import counted, visible

_NAMED = 5  # images on which runs differ


def show_runs_side_by_side(paths: Sequence[str], output: str, out: Path | None) -> None:
    """Compare the runs at `paths`; print a table or JSON, and write the page to `out` if it is given."""
    found = compare_runs(paths, Terminal())
    if output == "json":
        typer.echo(json_document(found.to_json()))
    else:
        _print(found)
    if out is not None:
        write_atomic(out, compare_html(found))
        typer.echo(f"page in {out}", err=True)


def _print(found: SideBySide) -> None:
    console = Console(highlight=False, markup=False, emoji=False)
    table = Table("", *(visible(side.name) for side in found.sides), box=None, pad_edge=False)
    for metric in found.metrics:
        told = [metric.text(each.value) if each else "" for each in found.reached(metric)]
        table.add_row(f"{found.split} {metric.words}", *told)
    table.add_row("parameters", *("" if side.parameters is None else f"{side.parameters:,}" for side in found.sides))
    table.add_row("training", *("" if side.seconds is None else duration(side.seconds) for side in found.sides))
    table.add_row("images/s", *(speed(side.evidence.rows) for side in found.sides))
    for name, values in found.settings.items():
        table.add_row(name.replace("_", "-"), *(visible(value) for value in values))
    console.print(table)
    for test in found.tests:
        console.print(visible(in_words(test)), soft_wrap=True)
    if found.disputes:
        few = ", ".join(visible(each.name) for each in found.disputed[:_NAMED])
        more = f" and {found.disputes - _NAMED:,} more" if found.disputes > _NAMED else ""
        console.print(
            f"{counted(found.disputes, 'image')} that some get right and others do not: {few}{more}", soft_wrap=True
        )
