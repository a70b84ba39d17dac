"""A description as one self-contained HTML page: drawing, totals, and every number beside its formula."""

from html import escape

from convsight.describe.description import Description
from convsight.describe.description_table import COLUMNS, summary_lines
from convsight.describe.layer import Layer, volume_text
from convsight.describe.volume_drawing import volumes_svg
from convsight.units import binary_bytes

_STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; margin: 2rem; color: #1c2430; }
h1 { font-size: 1.4rem; margin: 0 0 .5rem; }
.drawing { overflow-x: auto; border: 1px solid #d5dbe3; margin: 1rem 0; }
table { border-collapse: collapse; font-size: 12.5px; }
th { position: sticky; top: 0; background: #eef1f5; text-align: left; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid #e3e7ed; vertical-align: top; white-space: nowrap; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
td small { display: block; color: #68758a; }
tr.total td { font-weight: bold; border-top: 2px solid #68758a; }
dt { font-weight: bold; } dd { margin: 0 0 .4rem 1rem; }
"""

_MEANINGS = {
    "output": "the volume that comes out: sides, then channels; under it the side as floor((n + 2p - f)/s) + 1",
    "parameters": "(F*F*C + 1)*K of a convolution, (N_in + 1)*N_out of a dense layer; shared ones count once",
    "multiply-adds": "for each value that comes out of a convolution, one for each weight that it is multiplied by",
    "FLOPs": "two a multiply-add, of convolutions and matrix products",
    "other operations": "biases, sums, comparisons and function values, which are no multiply-adds",
    "activation": "what the layer gives for one image, in float32; 0 where it writes over its input",
    "receptive field": "the part of the image that one value depends on, in pixels; statistics of normalisation are "
    "left out, and attention counts as all, inside windows too",
    "jump": "how far apart in the image two neighbouring values look, in pixels",
}


def description_html(described: Description) -> str:
    """The page. It loads nothing from elsewhere."""
    title = f"{described.name} on {volume_text(described.input)}"
    head = "".join(f"<th>{column}</th>" for column in COLUMNS)
    rows = "\n".join(_row(layer) for layer in described.layers)
    meanings = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in _MEANINGS.items())
    lines = "".join(f"<p>{escape(line)}</p>" for line in summary_lines(described))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>\n'
        f'<body><h1>{escape(title)}</h1>{lines}\n<div class="drawing">{volumes_svg(described)}</div>\n'
        f"<table><thead><tr>{head}</tr></thead><tbody>\n{rows}\n{_total(described)}</tbody></table>\n"
        f"<h2>What the columns say</h2><dl>{meanings}</dl></body></html>\n"
    )


def _row(layer: Layer) -> str:
    texts = "".join(
        f"<td>{escape(text)}</td>" for text in (layer.name, layer.kind, layer.kernel, layer.stride, layer.padding)
    )
    output = f"<td>{volume_text(layer.output)}{_small(layer.output_formula)}</td>"
    numbers = [
        f"{layer.parameters:,}{_small(layer.parameters_formula)}",
        f"{layer.multiply_adds:,}{_small(layer.multiply_adds_formula)}",
        f"{layer.flops:,}",
        f"{layer.other_operations:,}",
        binary_bytes(layer.activation_bytes),
        layer.receptive_field,
        layer.jump,
    ]
    return f"<tr>{texts}{output}{_numbers(numbers)}</tr>"


def _total(described: Description) -> str:
    counts = (described.parameters, described.multiply_adds, described.flops, described.other_operations)
    numbers = [f"{count:,}" for count in counts] + [binary_bytes(described.activation_bytes), "", ""]
    return f'<tr class="total"><td colspan="6">total</td>{_numbers(numbers)}</tr>'


def _numbers(texts: list[str]) -> str:
    return "".join(f'<td class="number">{text}</td>' for text in texts)


def _small(formula: str) -> str:
    return f"<small>{escape(formula)}</small>" if formula else ""
