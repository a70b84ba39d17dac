"""Verbs that answer about new images: `predict`, `track`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from convsight.cli.options import (
    CORES,
    CameraNumber,
    Download,
    EngineName,
    LibraryWeights,
    MaxMegapixels,
    PrecisionName,
    ReportFormat,
    Workers,
)
from convsight.errors import UserError


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
    from convsight.runtime.find_network import NetworkName
    from convsight.runtime.maps import is_map
    from convsight.runtime.sources.resolve import live_sources
    from convsight.runtime.verb import PredictOptions, print_predictions, save_predictions

    if out and output == "coco":
        raise UserError("--out writes .csv, .jsonl or .parquet; for a COCO results file use --format coco > FILE")
    places = [*(sources or ()), *live_sources(camera, stream or ())]
    if not places:
        raise UserError("name images to predict: files, folders, patterns, URLs, videos, - for a list, or --camera 0")
    network = NetworkName(model, engine, precision, weights, download)
    if out and is_map(out):
        from convsight.runtime.maps.verb import MapOptions, save_map

        beside = {"--draw": draw, "--files": files, "--for-spreadsheets": for_spreadsheets}
        of_map = MapOptions(network, places, reject_below, probabilities, own_crs, max_megapixels)
        save_map(of_map, out, beside, Terminal())
        return
    if probabilities or own_crs:
        raise UserError("--probabilities and --own-crs go with --out and a .tif or .geojson")
    options = PredictOptions(
        network, places, reject_below, draw, files, every, workers, max_megapixels, for_spreadsheets
    )
    if save_predictions(options, out, Terminal()) if out else print_predictions(options, output, Terminal(), coco_ids):
        raise typer.Exit(2)


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
