"""The command line: one short function a verb, which parses, calls its room and prints.

Exit code 0 is success, 1 a negative verdict, 2 bad input, 130 a stop by Ctrl-C. With `--format json`
standard output holds JSON alone; words and progress go to standard error.
"""

import json
import signal
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from convsight.errors import UserError

# Plain help, since rich would double the time to the first line of it.
app = typer.Typer(
    name="convsight",
    help="Convolutional networks you can check: from a folder of pictures to a trained, judged network.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

ReportFormat = Annotated[
    Literal["table", "json"], typer.Option("--format", help="Table for people, JSON for programs.")
]
Workers = Annotated[int, typer.Option(min=0, max=64, help="Threads that read pictures.")]
MaxMegapixels = Annotated[float, typer.Option(help="Refuse larger pictures.")]


@app.command(
    # The options are the fields of TrainSettings; reading them takes as long as the rest of --help.
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    add_help_option=False,
)
def train(context: typer.Context) -> None:
    """Train and judge a network on a folder of pictures, a file, or a known data set."""
    from convsight.train_options import train_app

    train_app()(context.args, prog_name="convsight train")


@app.command()
def evaluate(
    model: Annotated[str, typer.Argument(help="A run folder, its name, or a model file.")],
    data: Annotated[
        str | None, typer.Argument(help="Pictures with their truth. [default: the run's test split]")
    ] = None,
    split: Annotated[str | None, typer.Option(help="The split to judge. [default: test, else val, else all]")] = None,
    skip_unreadable: Annotated[bool, typer.Option(help="Leave unreadable pictures out instead of stopping.")] = False,
    output: ReportFormat = "table",
    workers: Workers = 2,
    max_megapixels: MaxMegapixels = 100.0,
) -> None:
    """Judge a trained network on data with known answers."""
    from convsight.printing import metrics_json, print_metrics
    from convsight.progress import Terminal
    from convsight.runtime.evaluate import evaluate

    found = evaluate(
        model,
        data,
        Terminal(),
        split=split,
        skip_unreadable=skip_unreadable,
        workers=workers,
        max_megapixels=max_megapixels,
    )
    if output == "json":
        document = {"data": found.data, "pictures": found.pictures, "metrics": metrics_json(found.metrics)}
        typer.echo(json.dumps(document))
    else:
        print_metrics(f"{model} on {found.pictures:,} pictures of {found.data}", found.metrics)


@app.command()
def predict(
    model: Annotated[str, typer.Argument(help="A run folder, its name, or a model file.")],
    pictures: Annotated[list[Path], typer.Argument(help="Picture files, and folders of them.")],
    output: Annotated[
        Literal["table", "json", "csv"], typer.Option("--format", help="JSON: one line a picture.")
    ] = "table",
    workers: Workers = 2,
    max_megapixels: MaxMegapixels = 100.0,
) -> None:
    """Answer pictures; one that cannot be read is reported in its place, and the exit code is 2."""
    from convsight.printing import PRINTERS
    from convsight.runtime.files import picture_files
    from convsight.runtime.model import load

    files = picture_files(pictures)
    loaded = load(model)
    answers = loaded.predict_files(files, workers=workers, max_megapixels=max_megapixels)
    if PRINTERS[output](answers, loaded.reader.columns()):
        raise typer.Exit(2)


def main() -> None:
    """Run the command line; a mistake of the user is one message and exit code 2."""
    # A stop by the system (a scheduler, a container) is treated like Ctrl-C: the best so far is kept.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app(standalone_mode=True)
    except UserError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
