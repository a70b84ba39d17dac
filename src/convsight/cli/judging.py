"""Verbs that judge and tell of what was trained: `evaluate`, `runs`, `report`, `compare`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from convsight.cli.options import CORES, EngineName, MaxMegapixels, PrecisionName, ReportFormat, Workers
from convsight.errors import UserError


def evaluate(
    model: Annotated[
        str | None, typer.Argument(help="A run folder, its name, or a model file; none with --answers.")
    ] = None,
    data: Annotated[
        str | None, typer.Argument(help="Images with their targets. [default: the run's test split]")
    ] = None,
    answers: Annotated[
        Path | None,
        typer.Option(
            help="Judge what another tool answered instead: a COCO results .json, a folder of masks, a .csv of labels."
        ),
    ] = None,
    truth: Annotated[str | None, typer.Option(help="With --answers: images with their targets.")] = None,
    task: Annotated[
        str | None,
        typer.Option(help="With --answers: what the truth is taken for, such as instances of COCO's outlines."),
    ] = None,
    coco_ids: Annotated[
        Path | None, typer.Option(help="With --answers: a COCO annotation file that says which ids images have.")
    ] = None,
    min_score: Annotated[
        float, typer.Option(min=0, max=1, help="With --answers: the score from which things count as found.")
    ] = 0.25,
    split: Annotated[str | None, typer.Option(help="The split to judge. [default: test, else val, else all]")] = None,
    mistakes: Annotated[
        Path | None,
        typer.Option(help="A new folder for pictures and a table of what is predicted wrong; a .csv for the table."),
    ] = None,
    skip_unreadable: Annotated[bool, typer.Option(help="Leave unreadable images out instead of stopping.")] = False,
    output: Annotated[
        Literal["table", "json", "csv"], typer.Option("--format", help="Table for people, JSON or CSV for programs.")
    ] = "table",
    workers: Workers = CORES,
    max_megapixels: MaxMegapixels = 100.0,
    engine: EngineName = None,
    precision: PrecisionName = None,
) -> None:
    """Judge a trained network, or what another tool answered, on data with known targets."""
    from convsight.printing import print_evaluation
    from convsight.progress import Terminal

    if answers is not None:
        from convsight.runtime.answers import AnswerOptions, evaluate_answers

        if truth is None or model is not None:
            raise UserError("--answers FILE goes with --truth DATA, and with no model: what was answered is judged")
        options = AnswerOptions(task, split, coco_ids, min_score, mistakes)
        found = evaluate_answers(answers, truth, Terminal(), options)
    else:
        from convsight.runtime.evaluate import evaluate

        if model is None or truth is not None or task is not None or coco_ids is not None:
            raise UserError("name a model to judge, or --answers FILE --truth DATA for what another tool answered")
        found = evaluate(
            model,
            data,
            Terminal(),
            split=split,
            skip_unreadable=skip_unreadable,
            workers=workers,
            max_megapixels=max_megapixels,
            engine=engine,
            precision=precision,
            mistakes=mistakes,
        )
    print_evaluation(str(answers or model), found, output)


def runs(
    folder: Annotated[Path, typer.Argument(help="Where the run folders are.")] = Path("runs"),
    output: ReportFormat = "table",
) -> None:
    """List trained runs, the newest first: data, network, metric, date."""
    from convsight.run_list import list_runs, print_runs

    print_runs(list_runs(folder), output)


def report(
    run: Annotated[str, typer.Argument(help="A run folder, or its name under runs/.")],
    out: Annotated[Path | None, typer.Option(help="The page. [default: report.html in the run folder]")] = None,
    output: ReportFormat = "table",
) -> None:
    """Write one page about a run: data, network, curves, numbers, mistakes, how to do it again."""
    from convsight.report.verb import make_report

    make_report(run, out, output)


def compare(
    runs: Annotated[list[str], typer.Argument(help="Two run folders or more, or their names under runs/.")],
    out: Annotated[Path | None, typer.Option(help="Write them side by side as a page, too.")] = None,
    output: ReportFormat = "table",
) -> None:
    """Put runs side by side: what they reach and cost, whether chance explains it, where they disagree."""
    from convsight.report.compare_verb import show_runs_side_by_side

    show_runs_side_by_side(runs, output, out)
