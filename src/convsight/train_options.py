"""The options of `convsight train`, made from the fields of `TrainSettings` and of the tasks' own settings."""

import inspect
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import typer
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from convsight.errors import UserError
from convsight.metrics import MetricName
from convsight.printing import json_document, metrics_json, print_metrics
from convsight.progress import Terminal
from convsight.run import Run
from convsight.settings import TrainSettings, checked
from convsight.stored_settings import stored_settings
from convsight.tasks import TASKS, reader_of, settings_of
from convsight.tasks.choices import own_names, train_settings
from convsight.training_half import training_half
from convsight.words import shell_word, visible

CHANGED_ON_RESUME = ("epochs", "minutes")
ALL_THREE = "all-three"  # as --freeze: nothing, the first half of the stages, and the backbone, in turn
_NO_OPTIONS = ("data", "own", "given")  # of the general settings
# What acts once the rate is chosen, which a search for it does not come to.
_NOT_SEARCHING = {
    *_NO_OPTIONS, "run", "epochs", "minutes", "lr", "schedule", "warmup", "start_factor", "end_factor", "step_every",
    "step_factor", "plateau_epochs", "plateau_factor", "ema", "patience", "log", "export", "report",
    "tune", "tune_batch",
}  # fmt: skip

# What says which training images there are, what they look like, and who shares a batch.
_VARYING = (
    "task", "net", "weights", "size", "fit", "colour", "epochs", "batch", "augment", "flip", "rand_augment",
    "rand_augment_ops", "erase", "val_fraction", "test_fraction", "group", "group_lookalikes", "seed", "workers",
    "skip_unreadable", "max_megapixels",
)  # fmt: skip


def train_app(task: str | None = None) -> typer.Typer:
    """A command line of one command, whose options are the settings of a training.

    Help shows the general ones, and those of `task` where it is given; all are understood.
    """
    app = _plain_app()
    app.command(epilog=_epilog(task))(_command(task))
    return app


def rate_app(task: str | None = None) -> typer.Typer:
    """A command line of `convsight lr-find`: the settings of a training that act before its rate moves."""
    app = _plain_app()

    def lr_find(data: str, lowest: float, highest: float, steps: int, out: str, output: str, **choices: Any) -> None:
        """Find a learning rate: it rises from step to step, and the loss says where it is right.

        What is trained for that is forgotten. The figure is drawn to --out, and a JSON file stands beside it.
        """
        given = {name: value for name, value in choices.items() if value is not None}
        find = training_half("convsight.training.rate_verb").find_and_tell
        find(train_settings(data=data, **given), Path(out), output, lowest=lowest, highest=highest, steps=steps)

    parameters = [
        _parameter("data", str, typer.Argument(help=TrainSettings.model_fields["data"].description), ...),
        _parameter("lowest", float, typer.Option(help="The rate to begin with."), 1e-6),
        _parameter("highest", float, typer.Option(help="The last rate, unless the loss rises before."), 10.0),
        _parameter("steps", int, typer.Option(help="Rates to try, a step each.", min=10, max=10_000), 100),
        _parameter("out", str, typer.Option(help="The figure; the numbers go into a .json beside it."), "lr-find.png"),
        *(_setting(name, info) for name, info in TrainSettings.model_fields.items() if name not in _NOT_SEARCHING),
        *_own_settings(task),
        _parameter("output", Literal["table", "json"], typer.Option("--format", help="JSON for programs."), "table"),
    ]
    lr_find.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    lr_find.__annotations__ = {p.name: p.annotation for p in parameters}
    app.command(epilog=_epilog(task, "lr-find"))(lr_find)
    return app


def augment_app(task: str | None = None) -> typer.Typer:
    """A command line of `convsight augment`: the settings of a training that say what its images look like."""
    app = _plain_app()

    def augment(data: str, out: str, count: int, variants: int, output: str, **choices: Any) -> None:
        """Draw training images as a training with the same settings would vary them, with their targets.

        Nothing is trained. A row of the picture is an image as it is, and as the first epochs see it.
        """
        given = {name: value for name, value in choices.items() if value is not None}
        draw = training_half("convsight.training.augment_verb").draw_and_tell
        draw(train_settings(data=data, **given), Path(out), output, count=count, variants=variants)

    parameters = [
        _parameter("data", str, typer.Argument(help=TrainSettings.model_fields["data"].description), ...),
        _parameter("out", str, typer.Option(help="The picture."), "varied.png"),
        _parameter("count", int, typer.Option(help="Training images to show.", min=1, max=50), 6),
        _parameter("variants", int, typer.Option(help="Epochs to show each in.", min=1, max=12), 4),
        *(_setting(name, TrainSettings.model_fields[name]) for name in _VARYING),
        *_own_settings(task, only_varying=True),
        _parameter("output", Literal["table", "json"], typer.Option("--format", help="JSON for programs."), "table"),
    ]
    augment.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    augment.__annotations__ = {p.name: p.annotation for p in parameters}
    app.command(epilog=_epilog(task, "augment"))(augment)
    return app


def _plain_app() -> typer.Typer:
    return typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def named_task(arguments: Sequence[str]) -> str | None:
    """The task that a command line names with --task, if any.

    >>> named_task(["photos", "--task=detection", "--help"]), named_task(["photos", "--task", "detection"])
    ('detection', 'detection')
    """
    for place, word in enumerate(arguments):
        if word.startswith("--task="):
            return word.removeprefix("--task=")
        if word == "--task" and place + 1 < len(arguments):
            return arguments[place + 1]
    return None


def _epilog(task: str | None, verb: str = "train") -> str:
    if task is not None:
        return ""
    lines = "\n".join(f"  convsight {verb} --task {name} --help" for name in TASKS)
    return f"Each task has options of its own:\n\n\b\n{lines}"  # \b: click leaves the lines as they are


def _command(task: str | None) -> Any:
    def train(
        data: str | None,
        resume: str | None,
        place: str | None,
        config: str | None,
        output: str,
        every_epoch: bool,
        folds: int | None,
        repeat: int | None,
        average: bool,
        processes: int | None,
        **choices: Any,
    ) -> None:
        """Train and judge a network on a folder of images, a file, or a known data set."""
        began = time.monotonic()  # --minutes are those of the whole command, the loading of PyTorch included
        given = {name: value for name, value in choices.items() if value is not None}
        if config is not None and resume is None:
            given = stored_settings(config, given)
            data = data or given.get("data")
            given.pop("data", None)
        several = _of_several(given, folds, repeat, average)
        if processes is not None and processes > 1:
            _in_processes(processes, resume, data, given, several)
            return
        training = training_half("convsight.training.train")
        if _is_of_several(resume, {name for name, value in several.items() if value is not None}):
            if resume is not None:
                _check_resumed(data, given, ())
            _train_several(data, resume, place, several, given, Terminal(every_epoch), output, began)
            return
        if resume is not None:
            _check_resumed(data, given | ({} if config is None else {"config": config}))
            resuming = training_half("convsight.training.resume")
            run = resuming.resume(resume, given, Terminal(every_epoch), place=place, began=began)
        elif place is not None:
            raise UserError(
                "--data tells where those of --resume RUN are now; name the data of a new training without it"
            )
        elif data is not None:
            run = training.train(train_settings(data=data, **given), Terminal(every_epoch), began=began)
        else:
            raise UserError("give the data to train on, or --resume RUN to go on with an interrupted run")
        if training_half("convsight.training.processes.start").is_first():
            _report(run, time.monotonic() - began, output)

    parameters = [
        _parameter("data", str | None, typer.Argument(help=TrainSettings.model_fields["data"].description)),
        _parameter("resume", str | None, typer.Option(help="Go on with this run where it was stopped.")),
        _parameter("place", str | None, typer.Option("--data", help="With --resume: where the run's data are now.")),
        _parameter("config", str | None, typer.Option(help="Settings to begin with: of a run, or a settings.toml.")),
        *(_setting(name, info) for name, info in TrainSettings.model_fields.items() if name not in _NO_OPTIONS),
        *_own_settings(task),
        _parameter("folds", int | None, typer.Option(help="Train so often, each time with another fold as the test.")),
        _parameter("repeat", int | None, typer.Option(help="Train with so many seeds: what chance does. [default: 1]")),
        _parameter(
            "average", bool, typer.Option("--average", help="Of all networks, make the mean as one model.onnx."), False
        ),
        _parameter("processes", int | None, typer.Option(help="Share each batch among so many processes here.", min=1)),
        _parameter("every_epoch", bool, typer.Option("--every-epoch", help="Keep the line of each epoch."), False),
        _parameter("output", Literal["table", "json"], typer.Option("--format", help="JSON for programs."), "table"),
    ]
    # Typer reads a command's options off its signature.
    train.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    train.__annotations__ = {p.name: p.annotation for p in parameters}
    return train


def _of_several(given: dict[str, Any], folds: int | None, repeat: int | None, average: bool) -> dict[str, Any]:
    """What makes several trainings of one; a strategy that stands for three is taken out of the choices `given`."""
    several: dict[str, Any] = {"folds": folds, "repeat": repeat, "average": average or None}
    if given.get("freeze") == ALL_THREE:
        several["freezes"] = (given.pop("freeze"),)
    return several


def _in_processes(
    count: int, resume: str | None, data: str | None, given: dict[str, Any], several: dict[str, Any]
) -> None:
    """Run this very command in `count` processes, and end as they do; what is wrong with it is told here."""
    if asked := [name for name, value in several.items() if value is not None]:
        named = f"--freeze {ALL_THREE}" if "freezes" in asked else f"--{asked[0]}"
        raise UserError(f"{named} trains one run after the other in one process: leave --processes out")
    if os.environ.get("WORLD_SIZE", "1") != "1":
        raise UserError(f"{os.environ['WORLD_SIZE']} processes are started already (WORLD_SIZE): leave --processes out")
    if resume is None and data is not None:
        train_settings(data=data, **given)
    launching = training_half("convsight.training.processes.launch")
    command = [sys.executable, "-m", "convsight", *launching.without_processes(sys.argv[1:])]
    code = launching.launch(count, command, lambda text: typer.echo(visible(text, keep="\n\t"), err=True))
    raise typer.Exit(code)


def _own_settings(task: str | None, only_varying: bool = False) -> list[inspect.Parameter]:
    """The options that only some tasks have, or those of them that vary examples; those of `task` are shown."""
    shown = settings_of(task).model_fields if task in TASKS and task is not None else {}
    known = {
        name: [kind.model_fields[name] for kind in kinds]
        for name, kinds in own_names().items()
        if not only_varying or any(name in kind.varying for kind in kinds)
    }
    return [
        _setting(name, shown[name]) if name in shown else _setting(name, infos[0], hidden=True, kind=_of_all(infos))
        for name, infos in known.items()
    ]


def _of_all(infos: Sequence[FieldInfo]) -> Any:
    """The type of a setting that some tasks have: of choices by name those of all of them, which their task checks.

    Where one of them reads a text, any text will do until then.
    """
    kinds = [info.annotation for info in infos]
    if str in kinds:
        return str
    if not all(get_origin(kind) is Literal for kind in kinds):
        return kinds[0]
    return Literal[tuple(dict.fromkeys(choice for kind in kinds for choice in get_args(kind)))]


def _is_of_several(resume: str | None, asked: set[str]) -> bool:
    """Whether several runs are meant, by options of these names or a folder to go on with."""
    folder = training_half("convsight.training.several.folder").SeveralRuns.find(resume) if resume else None
    if resume is not None and asked:
        named = ("freeze" if name == "freezes" else name for name in sorted(asked))
        raise UserError(f"--resume goes on as it was begun; leave --{' and --'.join(named)} out")
    return bool(asked) or folder is not None


def _train_several(
    data: str | None,
    resume: str | None,
    place: str | None,
    several: dict[str, Any],
    given: dict[str, Any],
    listener: Terminal,
    output: str,
    began: float,
) -> None:
    """Train, or go on with, a network for each fold and seed; print what they reach together."""
    training = training_half("convsight.training.several.train_several")
    if resume is not None:
        runs = training_half("convsight.training.several.folder").SeveralRuns.find(resume)
        found = training.resume_several(runs, listener, place=place)
    elif data is not None:
        plan = training_half("convsight.training.several.plan").Several
        chosen = {name: value for name, value in several.items() if value is not None}
        found = training.train_several(train_settings(data=data, **given), checked(plan, chosen), listener, began=began)
    else:
        raise UserError("give the data to train on, or --resume FOLDER to go on with several runs")
    printing = training_half("convsight.training.several.print_summary")
    printing.print_summary(found, time.monotonic() - began, output)


def _check_resumed(data: str | None, given: dict[str, Any], new: tuple[str, ...] = CHANGED_ON_RESUME) -> None:
    fixed = [name for name in given if name not in new]
    if not new and (data is not None or fixed):
        raise UserError(
            f"--resume goes on with several runs as they were begun, without {', '.join(fixed) or 'the data'}; "
            "give new epochs or minutes to one of them by its own folder"
        )
    if data is not None or fixed:
        raise UserError(
            f"--resume goes on with the run's own settings; only {' or '.join(CHANGED_ON_RESUME)} may be new, "
            f"not {', '.join(fixed) or 'the data'}"
        )


def next_steps(run: Run) -> str:
    """Where everything of a finished run is, and what can be done with it."""
    path = shell_word(str(run.path))
    model = " and ".join(file.name for file in (run.model_file, run.exported_file) if file.is_file())
    figures = ", ".join(sorted(file.name for file in run.path.glob("*.png")))
    lines = [f"all of it is in {run.path}/: the network {model}" + (f", figures {figures}" if figures else "")]
    commands = [
        (f"convsight predict {path} IMAGE_OR_FOLDER", "what it says about new images"),
        (f"convsight evaluate {path} OTHER_DATA", "how good it is on other data with known answers"),
        (f"convsight serve {path}", "a page and an address that predict"),
        (f"convsight export {path} --to openvino", "the same network for another engine"),
    ]
    width = max(len(command) for command, _ in commands)
    return "\n".join([*lines, "next:", *(f"  {command:<{width}}  {what}" for command, what in commands)])


def _report(run: Run, seconds: float, output: str) -> None:
    described = reader_of(run.card).metrics().described()
    if output == "json":
        metrics = metrics_json(run.metrics, described)
        document = {"run": str(run.path), "metrics": metrics, "seconds": round(seconds, 2)}
        typer.echo(json_document(document))
        return
    names = {text: MetricName.parse(text) for text in run.metrics}
    splits = {name.split for name in names.values() if name}
    judged = "test" if "test" in splits else "val"
    told = {text: run.metrics[text] for text, name in names.items() if name and name.split == judged}
    print_metrics(f"{run.path} after {seconds:.0f} s", told, described)
    typer.echo(next_steps(run))


def _setting(name: str, info: FieldInfo, hidden: bool = False, kind: Any = None) -> inspect.Parameter:
    """The option for one setting. Its default is None, so that only what the user gave is passed on."""
    chosen_later = info.default is None or info.default is PydanticUndefined
    shown = "" if chosen_later or info.default is False else f" [default: {info.default}]"
    kind = kind or info.annotation
    option = typer.Option(help=f"{info.description}{shown}", hidden=hidden)
    return _parameter(name, kind if kind is bool else kind | None, option)


def _parameter(name: str, kind: Any, option: Any, default: Any = None) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, option])
