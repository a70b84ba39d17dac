"""`convsight explain`: which of its questions is asked, and what is told to the room that answers it."""

from pathlib import Path
from typing import Annotated

import typer

from convsight.cli.options import Download, EngineName, LibraryWeights, MaxMegapixels, PrecisionName, ReportFormat


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
    from convsight.explain.kinds import BY_CLASS, RANK, check_listened, kind_of
    from convsight.explain.method import MethodOptions
    from convsight.progress import Terminal
    from convsight.runtime.find_network import NetworkName
    from convsight.training_half import training_half

    kind = kind_of(features=features, filters=filters, excite=excite, by_class=by_class, rank=rank, data=data)
    check_listened(kind, _given(context))
    network, named = NetworkName(model, engine, precision, weights, download), pictures or []
    if features or filters or excite:
        inside = training_half("convsight.inside.verb")
        sheets = inside.SheetOptions(network, out, layer, data, count, channels, seed, max_megapixels, every)
        raise typer.Exit(inside.look_inside(sheets, named, filters, excite, output, Terminal()))
    methods = [each.strip() for each in method.split(",") if each.strip()] if method else []
    chosen = MethodOptions(layer, window, stride, samples, seed, fill, agreement, regions, cells, steps, noise)
    if kind == RANK:
        from convsight.explain.evidence.rank_verb import RankVerb, rank_methods

        rank_methods(RankVerb(network, named, count or 50, methods, chosen, max_megapixels), output, Terminal())
    elif kind == BY_CLASS:
        from convsight.explain.class_verb import ClassOptions, explain_classes

        of_data = ClassOptions(network, data, methods, count or 12, target, where, out, chosen, max_megapixels)
        raise typer.Exit(0 if explain_classes(of_data, output, Terminal()) else 130)
    else:
        from convsight.explain.verb import ExplainOptions, explain_pictures

        options = ExplainOptions(network, named, methods, target, out, chosen, max_megapixels, evidence, every)
        raise typer.Exit(2 if explain_pictures(options, output, Terminal()) else 0)


def _given(context: typer.Context) -> set[str]:
    """The parameters that the user gave, and did not leave as they are."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return {name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"}
