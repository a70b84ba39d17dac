"""The command line: one short function a verb, which parses, calls its room and prints.

Exit code 0 is success, 1 a negative verdict, 2 bad input, 130 a stop by Ctrl-C. With `--format json`
standard output holds JSON alone; words and progress go to standard error.
"""

import gc
import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from convsight.completion import TrainCommand
from convsight.errors import ToldElsewhereError, UserError
from convsight.habits import check_habits
from convsight.output_encoding import print_whatever_is_named
from convsight.words import counted, visible

# Plain help, since rich would double the time to the first line of it.
app = typer.Typer(
    name="convsight",
    help="Convolutional networks you can check: from a folder of images to a trained, judged network.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

CORES = min(64, os.cpu_count() or 1)

ReportFormat = Annotated[
    Literal["table", "json"], typer.Option("--format", help="Table for people, JSON for programs.")
]
Workers = Annotated[int, typer.Option(min=0, max=64, help="Threads that read images.")]
MaxMegapixels = Annotated[float, typer.Option(help="Refuse larger images.")]


CameraNumber = Annotated[int | None, typer.Option("--camera", help="A camera of this machine, counted from 0.")]
LibraryWeights = Annotated[
    str | None,
    typer.Option(
        "--weights",
        help="Of a network's name: a file of its weights, or which its library offers. [default: the usual ones]",
    ),
]
Download = Annotated[
    bool, typer.Option("--download", help="Fetch weights that are not on this machine; nothing is fetched else.")
]
EngineName = Annotated[
    str | None, typer.Option("--engine", help="openvino, onnxruntime or torch. [default: the fastest installed]")
]
PrecisionName = Annotated[
    Literal["float32", "bfloat16", "int8"] | None,
    typer.Option(
        "--precision", help="Number format; of a run, int8 needs export --int8. [default: the fastest proven]"
    ),
]


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


@app.command(
    cls=TrainCommand,
    # The options are the fields of TrainSettings; reading them takes as long as the rest of --help.
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    add_help_option=False,
)
def train(context: typer.Context) -> None:
    """Train and judge a network on a folder of images, a file, or a known data set."""
    from convsight.train_options import named_task, train_app

    train_app(named_task(context.args))(context.args, prog_name="convsight train")


@app.command(
    name="lr-find",
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    add_help_option=False,
)
def lr_find(context: typer.Context) -> None:
    """Find a learning rate: it rises from step to step, and the loss says where it is right."""
    from convsight.train_options import named_task, rate_app

    rate_app(named_task(context.args))(context.args, prog_name="convsight lr-find")


@app.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    add_help_option=False,
)
def augment(context: typer.Context) -> None:
    """Draw training images as a training would vary them, with their targets, before any training."""
    from convsight.train_options import augment_app, named_task

    augment_app(named_task(context.args))(context.args, prog_name="convsight augment")


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
def predict(
    model: Annotated[
        str,
        typer.Argument(
            help="A run folder, its name, or a model file; imagenet, torchvision/NET or timm/NET for one that is "
            "trained already."
        ),
    ],
    sources: Annotated[
        list[str] | None,
        typer.Argument(help="Images, folders of them, patterns ('photos/**/*.jpg'), URLs, videos, - for a list."),
    ] = None,
    camera: CameraNumber = None,
    stream: Annotated[
        list[str] | None, typer.Option(help="The address (http, rtsp) of a video, whatever its name.")
    ] = None,
    output: Annotated[
        Literal["table", "json", "csv", "coco"],
        typer.Option("--format", help="JSON: one line an image. coco: boxes as a COCO results file."),
    ] = "table",
    coco_ids: Annotated[
        Path | None, typer.Option(help="A COCO annotation file whose ids --format coco takes. [default: from names]")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Append to this .csv, .jsonl or .parquet; or write the map of one picture, however large, with its "
            "georeference: .tif, or .geojson for outlines. The same command goes on where one was stopped."
        ),
    ] = None,
    reject_below: Annotated[
        float | None,
        typer.Option(
            help="Report predictions less sure than this (0..1) as unsure; of boxes, report those from it on."
        ),
    ] = None,
    draw: Annotated[
        Path | None,
        typer.Option(help="A folder for the images with the results drawn on them; of one video also an .mp4."),
    ] = None,
    files: Annotated[
        Path | None,
        typer.Option(help="A folder for the files that results bring, such as masks; may be that of --draw."),
    ] = None,
    every: Annotated[int, typer.Option(help="Of a video, predict every so many-th frame.")] = 1,
    for_spreadsheets: Annotated[
        bool, typer.Option("--for-spreadsheets", help="In CSV, write ' before names that a spreadsheet would run.")
    ] = False,
    probabilities: Annotated[
        bool, typer.Option("--probabilities", help="Beside --out MAP.tif, those of every class: MAP.probabilities.tif.")
    ] = False,
    own_crs: Annotated[
        bool, typer.Option("--own-crs", help="Of --out MAP.geojson, coordinates of the picture, not WGS 84.")
    ] = False,
    workers: Workers = CORES,
    max_megapixels: MaxMegapixels = 100.0,
    engine: EngineName = None,
    precision: PrecisionName = None,
    weights: LibraryWeights = None,
    download: Download = False,
) -> None:
    """Predict images; one that is missing or cannot be read is reported in its place, and the exit code is 2."""
    from convsight.progress import Terminal
    from convsight.runtime.maps import is_map
    from convsight.runtime.sources.resolve import live_sources
    from convsight.runtime.verb import PredictOptions, print_predictions, save_predictions

    if out and output == "coco":
        raise UserError("--out writes .csv, .jsonl or .parquet; for a COCO results file use --format coco > FILE")
    places = [*(sources or ()), *live_sources(camera, stream or ())]
    if not places:
        raise UserError("name images to predict: files, folders, patterns, URLs, videos, - for a list, or --camera 0")
    if out and is_map(out):
        from convsight.runtime.maps.verb import MapOptions, save_map

        beside = {"--draw": draw, "--files": files, "--for-spreadsheets": for_spreadsheets}
        limits = max_megapixels, engine, precision, weights, download
        save_map(MapOptions(model, places, reject_below, probabilities, own_crs, *limits), out, beside, Terminal())
        return
    if probabilities or own_crs:
        raise UserError("--probabilities and --own-crs go with --out and a .tif or .geojson")
    options = PredictOptions(
        model,
        places,
        reject_below,
        draw,
        files,
        every,
        workers,
        max_megapixels,
        engine,
        precision,
        for_spreadsheets,
        weights,
        download,
    )
    if save_predictions(options, out, Terminal()) if out else print_predictions(options, output, Terminal(), coco_ids):
        raise typer.Exit(2)


@app.command()
def explain(
    context: typer.Context,
    model: Annotated[
        str,
        typer.Argument(
            help="A run folder, its name, or a model file; imagenet, torchvision/NET or timm/NET for one that is "
            "trained already."
        ),
    ],
    pictures: Annotated[list[str] | None, typer.Argument(help="Pictures: files, folders, patterns, URLs.")] = None,
    method: Annotated[
        str | None,
        typer.Option(
            help="One or several, separated by commas: occlusion, lime, rise, gradcam, saliency, ...; all are in "
            "docs/explain.md. [default: what the network's ranking trusts]"
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            help="A class, a number's name, or #2: the second thing that `predict` shows. [default: the surest]"
        ),
    ] = None,
    layer: Annotated[str | None, typer.Option(help="Of methods that look at one: a module's name.")] = None,
    window: Annotated[
        int | None, typer.Option(min=1, help="Of occlusion: its side in px of what the network sees.")
    ] = None,
    stride: Annotated[int | None, typer.Option(min=1, help="Of occlusion: px from window to window.")] = None,
    fill: Annotated[
        str | None, typer.Option(help="What hides a part: mean (colour), blur, or a number. [default: mean]")
    ] = None,
    regions: Annotated[int | None, typer.Option(min=2, help="Of lime: about how many.")] = None,
    cells: Annotated[int | None, typer.Option(min=2, help="Of rise: those of a mask, a side.")] = None,
    samples: Annotated[
        int | None, typer.Option(min=1, help="The most varied pictures, of lime, rise and smoothgrad.")
    ] = None,
    agreement: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Of lime and rise: the rank correlation of two halves that is enough."),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Of integrated-gradients: on the way to the picture.")
    ] = None,
    noise: Annotated[
        float | None, typer.Option(min=0, help="Of smoothgrad: its deviation, as a share of the picture's range.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of what is drawn by chance.")] = 0,
    features: Annotated[
        bool, typer.Option("--features", help="Instead: the maps of every layer, low to high level, as one sheet.")
    ] = False,
    filters: Annotated[
        bool, typer.Option("--filters", help="Instead: first kernels, and channels by what silencing them costs.")
    ] = False,
    excite: Annotated[
        str | None, typer.Option(help="Instead: what excites LAYER:CHANNEL, or a class, most.", metavar="WHAT")
    ] = None,
    by_class: Annotated[
        bool, typer.Option("--by-class", help="Instead: a page of maps of each class, and shortcuts, as of --data.")
    ] = False,
    data: Annotated[
        str | None, typer.Option(help="Maps of each class of these data; or the data of --filters and --excite.")
    ] = None,
    where: Annotated[
        str | None, typer.Option(help="With --data: boxes or masks of the same pictures, by the pictures' names.")
    ] = None,
    count: Annotated[
        int | None, typer.Option("--pictures", min=1, help="How many of the data, or of each class.")
    ] = None,
    channels: Annotated[int, typer.Option(min=1, max=64, help="Of --features: how many of each layer.")] = 12,
    rank: Annotated[
        bool,
        typer.Option(
            "--rank",
            help="Which methods to trust for this network: all that apply, on pictures of the data named after the "
            "model, else on what the run held back; stored with it.",
        ),
    ] = False,
    out: Annotated[Path, typer.Option(help="A folder for maps: over the picture, alone, as .npy and as JSON.")] = Path(
        "explained"
    ),
    every: Annotated[int, typer.Option(help="Of a video, explain every so many-th frame.")] = 1,
    output: ReportFormat = "table",
    max_megapixels: MaxMegapixels = 100.0,
    engine: EngineName = None,
    precision: PrecisionName = None,
    weights: LibraryWeights = None,
    download: Download = False,
    evidence: Annotated[
        bool, typer.Option("--evidence/--no-evidence", help="Say how a map ranks among maps that know no network.")
    ] = True,
) -> None:
    """Show what an answer depends on, as a map over the picture, with evidence whether the map is worth believing."""
    from convsight.explain.evidence.rank_verb import RankVerb, rank_methods
    from convsight.explain.kinds import MAPS, check_listened
    from convsight.explain.method import MethodOptions
    from convsight.explain.verb import ExplainOptions, explain_pictures
    from convsight.progress import Terminal
    from convsight.training_half import training_half

    asked = {"--features": features, "--filters": filters, "--excite": excite, "--by-class": by_class, "--rank": rank}
    kinds = [name for name, given in asked.items() if given]
    if len(kinds) > 1:
        raise UserError(f"{' and '.join(kinds)} are different questions: ask one at a time")
    by_class = by_class or (data is not None and not kinds)
    check_listened(kinds[0] if kinds else "--by-class" if by_class else MAPS, _given(context))
    if features or filters or excite:
        inside = training_half("convsight.inside.verb")
        sheets = inside.SheetOptions(
            model, out, layer, data, count, channels, seed, max_megapixels, weights, download, every
        )
        raise typer.Exit(inside.look_inside(sheets, pictures or [], filters, excite, output, Terminal()))
    methods = [each.strip() for each in method.split(",") if each.strip()] if method else []
    chosen = MethodOptions(
        layer,
        window,
        stride,
        samples,
        seed,
        fill=fill,
        agreement=agreement,
        regions=regions,
        cells=cells,
        steps=steps,
        noise=noise,
    )
    if rank:
        what = pictures or [], count or 50, methods, chosen, max_megapixels
        rank_methods(RankVerb(model, *what, engine, precision, weights, download), output, Terminal())
        return
    if by_class:
        from convsight.explain.class_verb import ClassOptions, explain_classes

        if len(methods) > 1:
            raise UserError(f"--method {method}: a page of classes is about one method")
        what_of = model, data, next(iter(methods), None), count or 12, target, where, out, chosen, max_megapixels
        of_data = ClassOptions(*what_of, engine, precision, weights, download)
        raise typer.Exit(0 if explain_classes(of_data, output, Terminal()) else 130)
    if not pictures:
        raise UserError("name pictures to explain: files, folders, patterns, URLs")
    options = ExplainOptions(
        model,
        pictures,
        methods,
        target,
        out,
        chosen,
        max_megapixels,
        engine,
        precision,
        weights,
        download,
        evidence,
        every,
    )
    if explain_pictures(options, output, Terminal()):
        raise typer.Exit(2)


def _given(context: typer.Context) -> set[str]:
    """The parameters that the user gave, and did not leave as they are."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return {name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"}


@app.command()
def track(
    model: Annotated[str, typer.Argument(help="A run folder, its name, or a model file; one that finds things.")],
    source: Annotated[
        str | None,
        typer.Argument(
            help="A video, its address (rtsp, http), or a folder or pattern ('frames/*.png') of its frames."
        ),
    ] = None,
    camera: CameraNumber = None,
    out: Annotated[Path | None, typer.Option(help="Write the tracks to this file, as MOTChallenge has them.")] = None,
    draw: Annotated[
        Path | None,
        typer.Option(help="A folder for the frames with their tracks drawn on them, or an .mp4, as --video."),
    ] = None,
    video: Annotated[Path | None, typer.Option(help="The same as a video: a name that ends in .mp4.")] = None,
    truth: Annotated[Path | None, typer.Option(help="The true tracks (gt.txt), to judge those found by.")] = None,
    every: Annotated[int, typer.Option(help="Look at every so many-th frame.")] = 1,
    min_score: Annotated[
        float | None, typer.Option(help="Score (0..1) from which a thing begins a track. [default: the model's own]")
    ] = None,
    output: ReportFormat = "table",
    workers: Workers = CORES,
    max_megapixels: MaxMegapixels = 100.0,
    engine: EngineName = None,
    precision: PrecisionName = None,
) -> None:
    """Follow what a detector finds through a video; where a frame cannot be read, the exit code is 2."""
    from convsight.progress import Terminal
    from convsight.runtime.sources.video_source import camera_source
    from convsight.runtime.video_file import VIDEO
    from convsight.tracking.verb import TrackOptions, track

    if draw and draw.suffix.lower() == VIDEO and video is None:
        draw, video = None, draw
    if (source is None) == (camera is None):
        raise UserError("name one source to follow things on: a video, a folder of frames, an address, or --camera 0")
    place = source or camera_source(camera or 0)
    options = TrackOptions(
        model, place, out, draw, video, truth, every, min_score, workers, max_megapixels, engine, precision
    )
    if track(options, output, Terminal()):
        raise typer.Exit(2)


@app.command()
def export(
    model: Annotated[str, typer.Argument(help="A run folder, its name, or a model.safetensors.")],
    to: Annotated[
        Literal["onnx", "openvino", "torch"], typer.Option(help="torch: a traced program, model.pt2.")
    ] = "onnx",
    int8: Annotated[bool, typer.Option("--int8", help="8-bit numbers, kept only if they cost little.")] = False,
    half: Annotated[bool, typer.Option("--half", help="Weights stored in float16: half the file.")] = False,
    max_loss: Annotated[float, typer.Option(min=0, help="Points of the metric that --int8 may cost.")] = 0.5,
    data: Annotated[
        str | None, typer.Option(help="Real images for the proof, for --int8 with targets. [default: the run's]")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The file. [default: beside the model]")] = None,
    output: ReportFormat = "table",
    max_megapixels: MaxMegapixels = 100.0,
) -> None:
    """Write a network as one graph that does its own resize, and prove on real images that it answers the same."""
    from convsight.progress import Terminal
    from convsight.training_half import training_half

    verb = training_half("convsight.export.verb")
    exported = verb.export(
        model,
        to,
        int8=int8,
        half=half,
        data=data,
        out=out,
        max_loss=max_loss,
        max_megapixels=max_megapixels,
        listener=Terminal(),
    )
    verb.print_exported(exported, output)


@app.command()
def serve(
    models: Annotated[list[str], typer.Argument(help="Run folders, names or model files; NAME=PATH to name one.")],
    host: Annotated[
        str, typer.Option(envvar="CONVSIGHT_HOST", help="Address to listen on; any but loopback needs a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="CONVSIGHT_PORT", help="Port to listen on; 0 takes a free one.")] = 8000,
    token_file: Annotated[
        Path | None, typer.Option(help="File with the token to ask for. [default: CONVSIGHT_TOKEN, if set]")
    ] = None,
    max_body_mb: Annotated[float, typer.Option(help="Refuse larger requests.")] = 20.0,
    max_megapixels: MaxMegapixels = 50.0,
    max_pictures: Annotated[int, typer.Option(help="Refuse requests with more.")] = 64,
    queue: Annotated[int, typer.Option(help="Images that may wait; more are told to come back (503).")] = 256,
    max_waiting_mb: Annotated[float, typer.Option(help="What waiting requests may hold together.")] = 256.0,
    timeout: Annotated[float, typer.Option(help="Seconds for a request.")] = 30.0,
    max_connections: Annotated[int, typer.Option(help="Open at once; idle ones make room for new ones.")] = 1000,
    max_batch: Annotated[int, typer.Option(help="Images run at once.")] = 32,
    workers: Annotated[int, typer.Option(help="Threads that read images.")] = CORES,
    engine: EngineName = None,
    precision: PrecisionName = None,
) -> None:
    """Predict images over HTTP, until Ctrl-C or SIGTERM."""
    from convsight.serve.served_models import load_models
    from convsight.serve.server import serve as serve_models
    from convsight.serve.settings import ServeSettings, read_token

    settings = ServeSettings.of(
        host=host,
        port=port,
        token=read_token(token_file),
        max_body_mb=max_body_mb,
        max_megapixels=max_megapixels,
        max_pictures=max_pictures,
        queue=queue,
        max_waiting_mb=max_waiting_mb,
        timeout=timeout,
        max_connections=max_connections,
        max_batch=max_batch,
        workers=workers,
    )
    serve_models(load_models(models, engine, precision), settings, lambda words: typer.echo(words, err=True))


@app.command()
def explore(
    model: Annotated[
        str, typer.Argument(help="A run folder, its name, or a model.safetensors; imagenet, ... as well.")
    ],
    data: Annotated[
        str | None, typer.Argument(help="Pictures to pick from. [default: those that the run was judged on]")
    ] = None,
    save: Annotated[
        Path | None, typer.Option(help="Write the page to this .html file, which needs no server, and end.")
    ] = None,
    pictures: Annotated[int, typer.Option(help="How many pictures such a file holds.")] = 12,
    port: Annotated[int, typer.Option(help="Port of the page; 0 takes a free one.")] = 8000,
    held_mb: Annotated[float, typer.Option(help="What pages may hold of pictures and layers, together.")] = 256.0,
    max_megapixels: MaxMegapixels = 50.0,
    engine: EngineName = None,
    precision: PrecisionName = None,
) -> None:
    """Open a page that shows a network at work on a picture: every layer, every number written out."""
    from convsight.serve.explore.verb import ExploreOptions, SaveOptions, explore_model, save_explorer

    def say(words: str) -> None:
        typer.echo(words, err=True)

    options = ExploreOptions(model, data, port, held_mb, max_megapixels, engine, precision)
    if save is None:
        explore_model(options, say)
    else:
        saved = save_explorer(options, SaveOptions(save, pictures), say)
        say(f"{saved.file}: {saved.size / 1e6:.1f} MB with {saved.pictures} pictures; open it in a browser")


@app.command()
def push(
    model: Annotated[str, typer.Argument(help="A run folder, its name, or a model.safetensors.")],
    to: Annotated[str, typer.Argument(help="A new folder; or OWNER/NAME of the Hugging Face hub, to upload.")],
    licence: Annotated[
        str | None, typer.Option("--license", help="Under which others may use it: apache-2.0, mit, ...")
    ] = None,
    public: Annotated[bool, typer.Option("--public", help="Make a new repository public at once.")] = False,
    output: ReportFormat = "table",
) -> None:
    """Write a network as a folder for others: weights, graph, card, a page about it; upload it if told OWNER/NAME."""
    from convsight.hub.push import push
    from convsight.printing import json_document
    from convsight.progress import Terminal

    pushed = push(model, to, Terminal(), licence=licence, public=public)
    if output == "json":
        typer.echo(json_document({"place": pushed.place, "files": pushed.files}))
    else:
        typer.echo(f"{pushed.place}: {', '.join(pushed.files)}")


@app.command()
def pull(
    source: Annotated[
        str,
        typer.Argument(
            help="OWNER/NAME of the Hugging Face hub, or a folder; torchvision/NET, timm/NET or imagenet for a network "
            "that is trained already."
        ),
    ],
    to: Annotated[Path | None, typer.Option(help="A new folder. [default: runs/NAME]")] = None,
    revision: Annotated[str | None, typer.Option(help="A branch, tag or commit of the hub.")] = None,
    weights: LibraryWeights = None,
    download: Download = False,
    output: ReportFormat = "table",
) -> None:
    """Fetch a network that somebody pushed, and check it; files that could run code are never taken."""
    from convsight.hub.published import is_published, pull_published, refuse_options
    from convsight.hub.pull import pull
    from convsight.printing import json_document
    from convsight.progress import Terminal

    if is_published(source):
        if revision is not None:
            raise UserError(f"--revision {revision} is of the hub; name the weights of {source} with --weights")
        pulled = pull_published(source, to, Terminal(), weights=weights, download=download)
    else:
        refuse_options(source, weights, download=download)
        pulled = pull(source, to, revision)
    if output == "json":
        typer.echo(json_document({"folder": str(pulled.folder), "commit": pulled.commit, "net": pulled.card.net}))
    else:
        typer.echo(f"{pulled.folder}: {pulled.card.net}, {pulled.card.target.summary}")


@app.command()
def card(
    weights: Annotated[Path, typer.Argument(help="A file of weights: safetensors, what torch.save wrote, Keras.")],
    net: Annotated[str, typer.Option("--net", help="The network they are of; `convsight nets` lists names.")],
    classes: Annotated[
        str, typer.Option("--classes", help="What its outputs tell: names with commas between, or a file, one a line.")
    ],
    size: Annotated[int | None, typer.Option(min=1, help="Side of its images in px. [default: its library's]")] = None,
    shorter: Annotated[
        int | None,
        typer.Option(
            min=1, help="Resize the shorter side to this before the middle is cut out. [default: its library's]"
        ),
    ] = None,
    fit: Annotated[
        Literal["crop", "squash", "pad"] | None, typer.Option(help="How images of other proportions fit.")
    ] = None,
    resize: Annotated[Literal["bilinear", "bicubic"] | None, typer.Option(help="The filter of the resize.")] = None,
    mean: Annotated[
        str | None, typer.Option(help="Subtracted from values of 0..1, a number a channel: 0.5,0.5,0.5; one for grey.")
    ] = None,
    std: Annotated[str | None, typer.Option(help="Divided by, a number a channel.")] = None,
    to: Annotated[Path | None, typer.Option(help="A new folder. [default: runs/NAME after the file]")] = None,
    output: ReportFormat = "table",
) -> None:
    """Put a card on weights of your own: a model folder that every verb takes."""
    from convsight.printing import json_document
    from convsight.progress import Terminal
    from convsight.training_half import training_half

    own = training_half("convsight.pretrained.own")
    images = own.OwnImages(size, shorter, fit, resize, mean, std)
    folder, made = own.put_card(weights, net, classes, images, to, Terminal())
    if output == "json":
        typer.echo(json_document({"folder": str(folder), "net": made.net, "task": made.task}))
    else:
        typer.echo(f"{folder}: {made.net}, {made.target.summary}")


@app.command()
def nets(
    pattern: Annotated[
        str, typer.Argument(help="A part of the name, or a glob: resnet, 'vgg1?', 'timm/convnext*'. [default: all]")
    ] = "",
    figures: Annotated[bool, typer.Option("--figures", help="Count timm's networks however many match.")] = False,
    output: Annotated[
        Literal["table", "json", "csv"], typer.Option("--format", help="JSON and CSV hold every fact.")
    ] = "table",
) -> None:
    """List networks: parameters, multiply-adds, input size, licence, where pretrained weights come from."""
    from convsight.net_list.formats import NET_PRINTERS
    from convsight.net_list.search import list_nets
    from convsight.progress import Terminal

    NET_PRINTERS[output](list_nets(pattern, Terminal(), figures))


@app.command()
def runs(
    folder: Annotated[Path, typer.Argument(help="Where the run folders are.")] = Path("runs"),
    output: ReportFormat = "table",
) -> None:
    """List trained runs, the newest first: data, network, metric, date."""
    from convsight.run_list import list_runs, print_runs

    print_runs(list_runs(folder), output)


@app.command()
def report(
    run: Annotated[str, typer.Argument(help="A run folder, or its name under runs/.")],
    out: Annotated[Path | None, typer.Option(help="The page. [default: report.html in the run folder]")] = None,
    output: ReportFormat = "table",
) -> None:
    """Write one page about a run: data, network, curves, numbers, mistakes, how to do it again."""
    from convsight.report.verb import make_report

    make_report(run, out, output)


@app.command()
def compare(
    runs: Annotated[list[str], typer.Argument(help="Two run folders or more, or their names under runs/.")],
    out: Annotated[Path | None, typer.Option(help="Write them side by side as a page, too.")] = None,
    output: ReportFormat = "table",
) -> None:
    """Put runs side by side: what they reach and cost, whether chance explains it, where they disagree."""
    from convsight.report.compare_verb import show_runs_side_by_side

    show_runs_side_by_side(runs, output, out)


@app.command()
def describe(
    nets: Annotated[list[str], typer.Argument(help="A net's name, a text or TOML file, a run, a model or Keras file.")],
    volume: Annotated[
        str | None, typer.Option("--input", help="Sides and channels: 224x224x3. [default: what the net is for]")
    ] = None,
    classes: Annotated[int | None, typer.Option(min=1, help="Answers. [default: the net's own]")] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Predict the memory of training on so many at once.")] = None,
    optimizer: Annotated[
        Literal["adamw", "adam", "muon", "rmsprop", "sgd"], typer.Option(help="The optimizer of that memory.")
    ] = "adamw",
    compare: Annotated[bool, typer.Option("--compare", help="Compare several nets instead.")] = False,
    measure: Annotated[bool, typer.Option("--measure", help="With --compare: speed and memory here.")] = False,
    out: Annotated[Path | None, typer.Option(help="A file to write html or svg to; with --compare, the chart.")] = None,
    output: Annotated[
        Literal["table", "json", "html", "svg"], typer.Option("--format", help="svg: the volumes drawn to scale.")
    ] = "table",
) -> None:
    """Show what a network does to a volume and what it costs, layer by layer, each number with its formula."""
    from convsight.training_half import training_half

    if measure and not compare:
        raise UserError("--measure goes with --compare and two nets or more")
    if compare and batch is not None:
        raise UserError("--batch describes the training of one net: leave it out, or --compare")
    room = training_half("convsight.describe.verb")
    if compare:
        room.show_comparison(nets, volume, classes, measured=measure, output=output, out=out)
    else:
        room.show_description(nets, volume, classes, batch=batch, optimizer=optimizer, output=output, out=out)


@app.command()
def filters(
    image: Annotated[Path, typer.Argument(help="An image file.")],
    kernel: Annotated[
        list[str] | None,
        typer.Option(
            help="A name such as sobel-x, or rows of numbers such as '-1 0 1; -1 0 1; -1 0 1' or '1 1; 1 1 / 4'; "
            "may be given several times. [default: a handful of classic ones]"
        ),
    ] = None,
    stride: Annotated[int, typer.Option(help="Cells from one stop of the kernel to the next.")] = 1,
    padding: Annotated[str, typer.Option(help="valid (none), same, or a number of cells; they are zeros.")] = "valid",
    out: Annotated[
        Path | None, typer.Option(help="The PNG to save. [default: a new <picture>-filters.png in this folder]")
    ] = None,
    at: Annotated[str | None, typer.Option(help="ROW,COLUMN of an output cell whose sum is written out.")] = None,
    output: ReportFormat = "table",
    max_megapixels: MaxMegapixels = 100.0,
) -> None:
    """Apply kernels to an image and save the results side by side: what a convolution sees."""
    from convsight.arithmetic.filter_table import print_filtered
    from convsight.arithmetic.filtering import filter_image, read_padding, read_position
    from convsight.arithmetic.sheet import save_sheet
    from convsight.printing import json_document

    found = filter_image(
        image,
        kernel or (),
        stride=stride,
        padding=read_padding(padding),
        at=None if at is None else read_position(at),
        max_megapixels=max_megapixels,
    )
    file = save_sheet(found, out)
    if output == "json":
        typer.echo(json_document(found.to_json() | {"file": str(file)}))
    else:
        print_filtered(found)
        typer.echo(f"saved in {file}")


@app.command()
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


if __name__ == "__main__":
    main()
