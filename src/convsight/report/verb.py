"""What the verb `report` prints and writes."""

from pathlib import Path

import typer

from convsight.printing import json_document
from convsight.report.report import write_report
from convsight.run import Run
from convsight.words import visible


def make_report(path: str, out: Path | None, output: str) -> None:
    """Write the page about the run at `path`, and say where it is and what was left out."""
    place, left_out = write_report(Run.open(path), out)
    if output == "json":
        typer.echo(json_document({"report": str(place), "left_out": left_out}))
        return
    typer.echo(visible(str(place)))
    for words in left_out:
        typer.echo(visible(f"left out: {words}"), err=True)
