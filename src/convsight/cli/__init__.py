"""The command line: one short function a verb, which parses, calls its room and prints.

Verbs stand in the files beside this one, by what they are about, and import their rooms only when they are called.
Exit code 0 is success, 1 a negative verdict, 2 bad input, 130 a stop by Ctrl-C. With `--format json`
standard output holds JSON alone; words and progress go to standard error.
"""

import gc
import signal
import sys
from typing import Annotated, Any

import typer

from convsight.cli.data import audit, convert
from convsight.cli.explaining import explain
from convsight.cli.handing_on import card, export, pull, push
from convsight.cli.judging import compare, evaluate, report, runs
from convsight.cli.looking import describe, filters, nets
from convsight.cli.predicting import predict, track
from convsight.cli.serving import explore, serve
from convsight.cli.training import augment, features, lr_find, train
from convsight.completion import TrainCommand
from convsight.errors import ToldElsewhereError, UserError
from convsight.habits import check_habits
from convsight.output_encoding import print_whatever_is_named
from convsight.words import visible

# The options are the fields of TrainSettings; reading them takes as long as the rest of --help.
_READ_LATER: dict[str, Any] = {
    "context_settings": {"ignore_unknown_options": True, "allow_extra_args": True},
    "add_help_option": False,
}

# Plain help, since rich would double the time to the first line of it.
app = typer.Typer(
    name="convsight",
    help="Convolutional networks you can check: from a folder of images to a trained, judged network.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(cls=TrainCommand, **_READ_LATER)(train)
app.command("lr-find", **_READ_LATER)(lr_find)
app.command(**_READ_LATER)(augment)
for verb in (
    *(audit, convert, evaluate, predict, explain, track, export, serve, explore, push, pull, card),
    *(nets, runs, report, compare, describe, filters, features),
):
    app.command()(verb)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"convsight {sys.modules['convsight'].__version__}")
        raise typer.Exit


@app.callback()
def _with_version(
    version: Annotated[
        bool, typer.Option("--version", help="Tell the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Convolutional networks you can check: from a folder of images to a trained, judged network."""


def main() -> None:
    """Run the command line; a mistake of the user is one message and exit code 2."""
    # A stop by the system (a scheduler, a container) is treated like Ctrl-C: the best so far is kept.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Nearly all that a short call makes are imported modules, which stay: it looks for garbage among them less often.
    gc.set_threshold(20_000)
    print_whatever_is_named()
    try:
        check_habits(sys.argv[1:])
        app(prog_name="convsight", standalone_mode=True)
    except ToldElsewhereError:
        sys.exit(2)
    except UserError as error:
        typer.echo("error: " + visible(str(error), keep="\n\t"), err=True)
        sys.exit(2)
