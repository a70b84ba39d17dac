"""Verbs that show networks and what they are made of: `nets`, `describe`, `filters`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from convsight.cli.options import MaxMegapixels, ReportFormat
from convsight.errors import UserError


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
