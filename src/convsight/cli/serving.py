"""Verbs that answer until they are stopped: `serve`, `explore`."""

from pathlib import Path
from typing import Annotated

import typer

from convsight.cli.options import CORES, EngineName, MaxMegapixels, PrecisionName


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
