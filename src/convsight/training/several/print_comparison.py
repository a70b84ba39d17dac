"""A table of strategies beside one another, for people, or JSON for programs."""

import typer
from rich.console import Console
from rich.table import Table

from convsight.metrics import Measured
from convsight.printing import json_document, print_fitting
from convsight.training.several.folder import SeveralRuns
from convsight.training.several.strategies import Comparison, comparison_json
from convsight.words import visible


def print_comparison(runs: SeveralRuns, found: Comparison, seconds: float, output: str) -> None:
    """What each reached and cost, in `seconds` in all; a `table` or `json`."""
    if output == "json":
        typer.echo(json_document({**comparison_json(runs, found), "seconds": round(seconds, 2)}))
        return
    console = Console(highlight=False, markup=False, emoji=False)
    print_fitting(console, [_table(runs, found, seconds)])
    typer.echo(found.conclusion)
    typer.echo(f"all of it is in {runs.path}/: a run folder each, comparison.json, comparison.csv")


def _table(runs: SeveralRuns, found: Comparison, seconds: float) -> Table:
    columns = ["--freeze", f"{found.split}/{found.metric.name}", "95 % interval", "less than the best, an image", "p"]
    columns += ["weights that learn", "seconds", "images/s"]
    table = Table(*columns, title=visible(f"{runs.path} after {seconds:.0f} s"), title_justify="left")
    for each in found.strategies:
        table.add_row(
            each.freeze,
            found.metric.text(each.value),
            found.metric.interval(Measured(each.value, each.low, each.high), " .. "),
            "best" if each.difference is None else f"{each.difference:.4f}",
            "" if each.p is None else f"{each.p:.2g}",
            f"{each.trainable:,}",
            f"{each.seconds:,.0f}",
            f"{each.images_per_s:,.0f}",
        )
    return table
