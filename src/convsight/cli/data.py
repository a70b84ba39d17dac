"""Verbs about images and their targets: `audit`, `convert`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from convsight.cli.options import MaxMegapixels, ReportFormat, Workers
from convsight.words import counted


def audit(
    data: Annotated[str, typer.Argument(help="A folder of images, a file, or a known data set.")],
    splits_of: Annotated[
        str | None, typer.Option(help="A run folder or its name: the splits are those it was trained and judged on.")
    ] = None,
    task: Annotated[
        str | None, typer.Option(help="What of the data is looked at, such as instances of COCO's outlines.")
    ] = None,
    doubtful: Annotated[
        bool,
        typer.Option(
            "--doubtful",
            help="Doubt labels too, by what learns from the other images; needs PyTorch. With --splits-of they are "
            "kept for the report of that run.",
        ),
    ] = False,
    output: ReportFormat = "table",
    workers: Workers = 2,
    max_megapixels: MaxMegapixels = 100.0,
) -> None:
    """Look for what spoils data: unreadable images, duplicates, leaks between splits, wrong balance, odd ones.

    The exit code is 1 where something is wrong: unreadable images, equal images with different targets or in
    different splits.
    """
    from convsight.datasets import apply_splits_csv, read_dataset
    from convsight.datasets.audit import audit, has_masks, print_audit
    from convsight.printing import json_document
    from convsight.progress import Terminal
    from convsight.run import Run
    from convsight.tasks.adoption import data_for
    from convsight.training_half import training_half

    listener = Terminal()
    dataset = data_for(data, task)
    if not has_masks(dataset):  # those are looked at one by one, and all that are wrong are told
        dataset = read_dataset(dataset)
    run = None if splits_of is None else Run.open(splits_of)
    if run is not None:
        dataset = apply_splits_csv(dataset, run.splits())
    known = {finding.brief for finding in dataset.findings}
    for note in dataset.notes:
        if note not in known:
            listener.say(f"note: {note}")
    found = audit(dataset, listener, workers=workers, max_megapixels=max_megapixels)
    if doubtful:
        with_doubts = training_half("convsight.training.doubtful").with_doubts
        found = with_doubts(found, dataset, listener, run, workers=workers, max_megapixels=max_megapixels)
    if output == "json":
        typer.echo(json_document(found.to_json()))
    else:
        print_audit(found)
    if found.wrong:
        raise typer.Exit(1)


def convert(
    data: Annotated[str, typer.Argument(help="Images with boxes or masks, in any format that is read.")],
    out: Annotated[Path, typer.Argument(help="A new folder.")],
    to: Annotated[
        Literal["coco", "voc", "yolo", "csv", "masks", "voc-masks", "instances", "panoptic", "volumes"],
        typer.Option(help="The format to write."),
    ],
    task: Annotated[
        str | None, typer.Option(help="What of the data is written, such as instances: boxes with their outlines.")
    ] = None,
    link: Annotated[bool, typer.Option("--link/--copy", help="Link to the images instead of copying them.")] = False,
    output: ReportFormat = "table",
) -> None:
    """Write images with boxes or masks in another format, and say what it cannot hold."""
    from convsight.datasets.convert import WRITERS, convert
    from convsight.printing import json_document
    from convsight.progress import Terminal
    from convsight.tasks.adoption import data_for

    listener = Terminal()
    dataset = data_for(data, task)
    for note in dataset.notes:
        listener.say(f"note: {note}")
    done = convert(dataset, out, to, listener, link=link)
    for words in done.lost:
        listener.say(f"note: {words}")
    if output == "json":
        typer.echo(json_document(done.to_json()))
    else:
        boxes = f" with {counted(done.boxes, 'box', 'es')}" if done.format in WRITERS else ""
        told = f"{counted(done.pictures, 'image')}{boxes}"
        typer.echo(f"{done.folder}: {told}")
