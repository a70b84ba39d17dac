"""`convsight explain`: maps of pictures, printed and written to a folder."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import typer

from convsight.explain.explain import load_explained, maps_of
from convsight.explain.method import MethodOptions
from convsight.images import ImageError
from convsight.printing import json_document
from convsight.progress import Listener


@dataclass(frozen=True)
class ExplainOptions:
    """Which pictures are explained, how, and where the files go."""

    model: str
    pictures: Sequence[str]
    methods: Sequence[str]
    target: str | None = None
    out: Path = Path("explained")
    method: MethodOptions = field(default_factory=MethodOptions)
    max_megapixels: float = 100.0
    engine: str | None = None
    precision: str | None = None
    weights: str | None = None
    download: bool = False


def explain_pictures(options: ExplainOptions, output: str, listener: Listener) -> int:
    """Write and print maps of each picture; returns how many pictures could not be read."""
    network = load_explained(
        options.model,
        options.engine,
        options.precision,
        options.weights,
        download=options.download,
        listener=listener,
    )
    unread = 0
    for picture in options.pictures:
        try:
            subject = network.subject(picture, options.target, options.max_megapixels)
        except ImageError as error:
            listener.say(f"{picture}: {error}")
            unread += 1
            continue
        image = subject.original()
        for found in maps_of(subject, options.methods, options.method):
            files = found.save(options.out, Path(picture).stem, image)
            if output == "json":
                typer.echo(json_document({"picture": picture, **found.to_json(), "files": [str(f) for f in files]}))
            else:
                typer.echo(f"{picture}: {found.method} of {found.about} ({found.score:.3g}): {files[0]}")
    return unread
