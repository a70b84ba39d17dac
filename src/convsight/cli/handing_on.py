"""Verbs that make files of networks for others, and networks of files: `export`, `push`, `pull`, `card`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from convsight.cli.options import Download, LibraryWeights, MaxMegapixels, ReportFormat
from convsight.errors import UserError


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
