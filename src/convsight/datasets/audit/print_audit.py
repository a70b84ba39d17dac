"""An audit on standard output, for people."""

import typer
from rich.console import Console
from rich.table import Column, Table

from convsight.datasets.audit.audit import Audit
from convsight.datasets.finding import Entry, Finding
from convsight.words import counted, first_few, shortened, visible

_LISTED = 10  # cases of a finding, and images of a case; JSON holds all
_CLASSES = 30  # rows of the table
_WORDS = 200  # characters of a case; two targets of many boxes have thousands


def print_audit(found: Audit) -> None:
    """Images by class and split, sizes, notes, each finding with its first cases, and the verdict."""
    _print(f"{found.data}: {counted(found.images, 'image')}")
    _print_counts(found.counts, found.splits)
    if found.sizes:
        typer.echo(str(found.sizes))
    for note in found.notes:
        _print(f"note: {note}")
    for finding in found.findings:
        _print_finding(finding)
    typer.echo(_verdict(found))


def _print(line: str) -> None:
    typer.echo(visible(line))


def _print_counts(counts: dict[str, dict[str, int]], splits: dict[str, int]) -> None:
    table = Table("class", *(Column(split, justify="right") for split in counts))
    classes = list(next(iter(counts.values())))
    for name in classes[:_CLASSES]:
        table.add_row(visible(name), *(f"{count[name]:,}" for count in counts.values()))
    if len(classes) > _CLASSES:
        table.add_row(f"and {len(classes) - _CLASSES:,} more")
    table.add_section()
    table.add_row("all", *(f"{number:,}" for number in splits.values()))
    Console(highlight=False, markup=False, emoji=False).print(table)


def _print_finding(finding: Finding) -> None:
    _print(f"{finding.level}: {finding.words}")
    for entry in finding.entries[:_LISTED]:
        _print(f"  {_line(entry)}")
    if len(finding.entries) > _LISTED:
        typer.echo(f"  and {len(finding.entries) - _LISTED:,} more (--format json lists all)")


def _line(entry: Entry) -> str:
    several = len({image.split for image in entry.images}) > 1
    names = [f"{image.name} ({image.split})" if several else image.name for image in entry.images]
    parts = (first_few(names, most=_LISTED), shortened(entry.note, _WORDS))
    return ": ".join(part for part in parts if part)


def _verdict(found: Audit) -> str:
    if not found.findings:
        return "nothing found"
    wrong = [finding.kind for finding in found.findings if finding.level == "wrong"]
    if wrong:
        return f"verdict: wrong ({', '.join(wrong)})"
    return f"verdict: nothing wrong; {counted(len(found.findings), 'finding')} to look at"
