"""Verbs about training: `train`, `lr-find`, `augment`, whose options are read when they are called; `features`."""

from typing import Annotated

import typer

from convsight.cli.options import ReportFormat


def train(context: typer.Context) -> None:
    """Train and judge a network on a folder of images, a file, or a known data set."""
    from convsight.train_options import named_task, train_app

    train_app(named_task(context.args))(context.args, prog_name="convsight train")


def lr_find(context: typer.Context) -> None:
    """Find a learning rate: it rises from step to step, and the loss says where it is right."""
    from convsight.train_options import named_task, rate_app

    rate_app(named_task(context.args))(context.args, prog_name="convsight lr-find")


def augment(context: typer.Context) -> None:
    """Draw training images as a training would vary them, with their targets, before any training."""
    from convsight.train_options import augment_app, named_task

    augment_app(named_task(context.args))(context.args, prog_name="convsight augment")


def features(
    clear: Annotated[bool, typer.Option("--clear", help="Remove all of them.")] = False,
    output: ReportFormat = "table",
) -> None:
    """Tell where trainings keep features of frozen stages, and how much that is, or remove them."""
    from convsight.printing import json_document
    from convsight.training_half import training_half

    shelf = training_half("convsight.training.features.shelf")
    folder = shelf.features_folder()
    there = shelf.clear(folder) if clear else shelf.used(folder)
    if output == "json":
        typer.echo(json_document({"folder": str(folder), "files": there.files, "bytes": there.bytes, "removed": clear}))
    else:
        removed = "removed from" if clear else "in"
        typer.echo(f"{there.files:,} files of features, {there.bytes / 1e6:,.1f} MB, {removed} {folder}")
