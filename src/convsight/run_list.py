"""The runs in a folder: what each was trained on, its network, how good it is, and when."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from convsight.errors import UserError
from convsight.metrics import Measured
from convsight.printing import json_document
from convsight.run import RUNS, Run

_ROOM = 110  # columns of a terminal from which intervals are shown too


@dataclass(frozen=True)
class ListedRun:
    """One run; `metric` is the first of its test, else the one that chose its best epoch. `problem` is why it has none.

    `date` is when its network was written, else its settings.
    """

    run: str
    date: str
    data: str = ""
    task: str = ""
    net: str = ""
    metric: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    finished: bool = False
    problem: str = ""


def list_runs(folder: Path = RUNS) -> list[ListedRun]:
    """The runs in `folder`, the newest first. Raises `UserError` where there is no such folder."""
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder: runs lie in {RUNS}/ where `convsight train` was called")
    runs = [
        Run(path) for path in folder.iterdir() if (path / "settings.toml").is_file() or Run(path).model_file.is_file()
    ]
    return sorted(map(_listed, runs), key=lambda listed: listed.date, reverse=True)


def _listed(run: Run) -> ListedRun:
    file = run.model_file if run.model_file.is_file() else run.path / "settings.toml"
    date = datetime.fromtimestamp(file.stat().st_mtime).astimezone().isoformat(" ", "minutes")
    try:
        card = run.card
    except UserError as error:
        return ListedRun(str(run.path), date, problem=str(error))
    name = next((name for name in card.metrics if name.startswith("test/")), next(iter(card.metrics), ""))
    listed = ListedRun(
        run=str(run.path),
        date=date,
        data=str(card.data.get("name", "")),
        task=card.task,
        net=card.net,
        finished=bool(card.training.get("finished")),
    )
    return replace(listed, metric=name, **card.metrics[name]._asdict()) if name else listed


def _told(run: ListedRun, with_interval: bool) -> str:
    if run.value is None:
        return ""
    ends = (run.low or 0.0, run.high or 0.0) if with_interval else (run.value, run.value)
    return f"{run.metric} {Measured(run.value, *ends)}" + ("" if run.finished else " (not finished)")


def print_runs(runs: list[ListedRun], output: str) -> None:
    """A table for people, JSON for programs."""
    if output == "json":
        typer.echo(json_document({"runs": [asdict(run) for run in runs]}))
        return
    if not runs:
        typer.echo("no runs here yet: convsight train DATA makes one")
        return
    console = Console(highlight=False, markup=False, emoji=False)
    table = Table("run", "data", "net", "metric", "date", box=None, pad_edge=False)
    wide = console.width >= _ROOM
    for run in runs:
        table.add_row(run.run, run.data, run.net, run.problem or _told(run, wide), run.date[: 16 if wide else 10])
    console.print(table)
