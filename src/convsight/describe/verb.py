"""What the verb `describe` prints and writes."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import typer

from convsight.describe.compare import compare
from convsight.describe.description import Description, describe_module
from convsight.describe.description_table import print_comparison, print_description
from convsight.describe.html_page import description_html
from convsight.describe.resolve import parse_volume, resolve_net
from convsight.describe.volume_drawing import volumes_svg
from convsight.errors import UserError
from convsight.files import write_atomic, write_atomic_with
from convsight.printing import json_document
from convsight.progress import Terminal

_CHARTS = (".png", ".svg", ".pdf")


def show_description(
    nets: Sequence[str],
    volume: str | None,
    classes: int | None,
    *,
    batch: int | None,
    optimizer: str,
    output: str,
    out: Path | None,
) -> None:
    """Describe one network: a table, JSON, a page or a drawing, on standard output or in the file `out`."""
    if len(nets) > 1:
        raise UserError(f"describe takes one net and got {len(nets)}; to see them side by side: --compare")
    net = resolve_net(nets[0], parse_volume(volume) if volume else None, classes)
    described = describe_module(net.model, net.shape, net.name, batch, optimizer)
    if output == "table":
        if out is not None:
            raise UserError(f"--out {out}: a table goes to standard output; choose --format json, html or svg")
        print_description(described)
        return
    _give(_TEXTS[output](described), out)


def show_comparison(
    nets: Sequence[str],
    volume: str | None,
    classes: int | None,
    *,
    measured: bool,
    output: str,
    out: Path | None,
) -> None:
    """Compare networks: a table or JSON on standard output, and the bubble chart in the file `out`."""
    if output not in ("table", "json"):
        raise UserError(f"--compare prints a table or json; for the chart: --out comparison{_CHARTS[1]}")
    if out is not None and out.suffix not in _CHARTS:
        raise UserError(f"--out {out}: the chart's name must end in {', '.join(_CHARTS)}")
    rows = compare(nets, parse_volume(volume) if volume else None, classes, measured, Terminal())
    if output == "json":
        typer.echo(json_document({"nets": [row.to_json() for row in rows]}))
    else:
        print_comparison(rows)
    if out is not None:
        from convsight.figures.bubble_chart import Bubble, bubbles_figure  # noqa: PLC0415 - matplotlib takes a second

        nets_shown = [(row.described, row.accuracy) for row in rows]
        bubbles = [Bubble(net.name, net.parameters, net.multiply_adds, accuracy) for net, accuracy in nets_shown]
        write_atomic_with(out, partial(bubbles_figure(bubbles).savefig, dpi=130, format=out.suffix[1:]))
        typer.echo(f"chart in {out}", err=True)


def _json(described: Description) -> str:
    return json_document(described.to_json()) + "\n"


_TEXTS = {"json": _json, "html": description_html, "svg": volumes_svg}


def _give(text: str, out: Path | None) -> None:
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_atomic(out, text)
        typer.echo(f"written to {out}", err=True)
