"""A table of what several runs reached together, for people, or JSON for programs."""

import typer
from rich.console import Console
from rich.table import Table

from convsight.metrics import metric_of
from convsight.printing import json_document, print_fitting
from convsight.training.several.print_comparison import print_comparison
from convsight.training.several.summary import Summaries, summary_json
from convsight.training.several.train_several import Together
from convsight.words import shell_word, visible


def print_summary(done: Together, seconds: float, output: str) -> None:
    """What all runs reached in `seconds`; a `table` or `json`."""
    runs, found, average = done.runs, done.summaries, done.average
    if done.comparison is not None:
        print_comparison(runs, done.comparison, seconds, output)
        return
    if output == "json":
        typer.echo(json_document({**summary_json(runs, found, average), "seconds": round(seconds, 2)}))
        return
    console = Console(highlight=False, markup=False, emoji=False)
    title = f"{runs.path} after {seconds:.0f} s: {found.several.words}"
    print_fitting(console, [_table(found, title, values) for values in (True, False)])
    typer.echo(f"95 % interval: {found.interval}")
    for name, measured in average.items():
        if "/" not in name.partition("/")[2]:
            metric = metric_of(found.described, name)
            interval = metric.interval(measured, " .. ")
            typer.echo(f"average of all networks: {name} {metric.text(measured.value)} [{interval}]")
    path = shell_word(str(runs.path))
    typer.echo(f"all of it is in {runs.path}/: a run folder each, summary.json, summary.csv, summary.png")
    if runs.average.exported_file.is_file():
        typer.echo(f"next: convsight predict {path}/average IMAGE_OR_FOLDER")


def _table(found: Summaries, title: str, values: bool) -> Table:
    """A row a metric; with what each run reached where `values` are wanted."""
    together = "out of fold" if found.several.folds else "mean"
    names = [member.name for member in found.members] if values else []
    columns = ["metric", together, "95 % interval", *(["mean"] if found.several.folds else []), "spread (sd)", *names]
    table = Table(*columns, title=visible(title), title_justify="left")
    for name, each in found.whole.items():
        metric = metric_of(found.described, name)
        means = [metric.text(each.mean)] if found.several.folds else []
        reached = [metric.text(value) for value in each.values] if values else []
        interval = metric.interval(each.value, " .. ")
        told = [metric.text(each.value.value), interval, *means, metric.text(each.deviation), *reached]
        table.add_row(visible(name), *told)
    return table
