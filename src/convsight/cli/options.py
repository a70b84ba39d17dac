"""Options that several verbs have, each written once."""

import os
from typing import Annotated, Literal

import typer

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
