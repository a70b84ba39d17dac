"""A description as one self-contained HTML page: drawing, totals, and every number beside its formula."""

from collections.abc import Sequence
from html import escape

from convsight.describe.description import Description
from convsight.describe.description_table import COLUMNS, summary_lines
from convsight.describe.layer import Layer, volume_text
from convsight.describe.volume_drawing import volume_figures
from convsight.units import binary_bytes

# Where all columns would not fit beside each other, each layer is a card of its own; cells bring their column's name.
_STYLE = """
:root { color-scheme: light dark; --page: #ffffff; --ink: #1c2430; --dim: #56606e; --line: #d5dbe3; --soft: #eef1f5; }
@media (prefers-color-scheme: dark) {
  :root { --page: #14181d; --ink: #e6e9ee; --dim: #a7b0bc; --line: #434c57; --soft: #232a32; }
}
* { box-sizing: border-box; }
body { font: 14px/1.45 system-ui, sans-serif; margin: 0; padding: 2rem; color: var(--ink); background: var(--page); }
h1 { font-size: 1.4rem; margin: 0 0 .5rem; }
h1, p, dd, td { overflow-wrap: anywhere; }
.drawing { display: flex; flex-wrap: wrap; align-items: flex-end; gap: 1rem 1.25rem; margin: 1rem 0 .5rem; }
.legend, td small { color: var(--dim); }
table { border-collapse: collapse; font-size: 12.5px; width: 100%; }
th { position: sticky; top: 0; background: var(--soft); text-align: left; }
th, td { padding: .25rem .5rem; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td small { display: block; white-space: normal; }
.drawing svg { overflow: visible; }
tr.total td { font-weight: bold; border-top: 2px solid var(--dim); }
dt { font-weight: bold; } dd { margin: 0 0 .4rem 1rem; }
@media (min-width: 100.01rem) { td:first-child, td:nth-child(2), td:nth-child(6) { min-width: 10.5em; } }
@media (max-width: 100rem) {
  table, tbody { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { display: grid; grid-template-columns: repeat(auto-fill, minmax(6.2rem, 1fr)); gap: .3rem .8rem;
       border: 1px solid var(--line); border-radius: .5rem; padding: .6rem; margin: .6rem 0; }
  td, td.number { display: block; white-space: normal; padding: 0; border: 0; text-align: left; }
  td:empty { display: none; }
  td[data-column]::before { content: attr(data-column); display: block; color: var(--dim); font-size: 11.5px;
                            font-weight: normal; }
  td:first-child { grid-column: 1 / -1; font-weight: bold; }
  td:first-child::before { display: none; }
  tr.total td { border: 0; }
}
@media (max-width: 40rem) { body { padding: 1rem; } }
"""

_WORDS = 6  # columns before those of numbers

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
    head = "".join(f'<th scope="col">{column}</th>' for column in COLUMNS)
    rows = "\n".join(_row(layer) for layer in described.layers)
    meanings = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in _MEANINGS.items())
    figures = volume_figures(described)
    lines = "".join(f"<p>{escape(line)}</p>" for line in summary_lines(described))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>\n'
        f'<body><h1>{escape(title)}</h1>{lines}\n<div class="drawing">{"".join(figures.volumes)}</div>'
        f'<p class="legend">{escape(figures.legend)}</p>\n'
        f"<table><thead><tr>{head}</tr></thead><tbody>\n{rows}\n{_total(described)}</tbody></table>\n"
        f"<h2>What the columns say</h2><dl>{meanings}</dl></body></html>\n"
    )


def _row(layer: Layer) -> str:
    cells = [escape(text) for text in (layer.name, layer.kind, layer.kernel, layer.stride, layer.padding)]
    cells += [
        f"{volume_text(layer.output)}{_small(layer.output_formula)}",
        f"{layer.parameters:,}{_small(layer.parameters_formula)}",
        f"{layer.multiply_adds:,}{_small(layer.multiply_adds_formula)}",
        f"{layer.flops:,}",
        f"{layer.other_operations:,}",
        binary_bytes(layer.activation_bytes),
        layer.receptive_field,
        layer.jump,
    ]
    return f"<tr>{_cells(COLUMNS, cells)}</tr>"


def _total(described: Description) -> str:
    counts = (described.parameters, described.multiply_adds, described.flops, described.other_operations)
    numbers = [f"{count:,}" for count in counts] + [binary_bytes(described.activation_bytes), "", ""]
    return f'<tr class="total"><td colspan="{_WORDS}">total</td>{_cells(COLUMNS[_WORDS:], numbers)}</tr>'


def _cells(columns: Sequence[str], texts: Sequence[str]) -> str:
    """Cells of a row, each with the name of its column, which narrow pages show above it."""
    numbers = COLUMNS[_WORDS:]
    return "".join(
        f'<td{" class=number" if column in numbers else ""} data-column="{column}">{text}</td>'
        for column, text in zip(columns, texts, strict=True)
    )


def _small(formula: str) -> str:
    return f"<small>{escape(formula)}</small>" if formula else ""
