"""A description as one self-contained HTML page: drawing, totals, and every number beside its formula."""

from collections.abc import Sequence
from html import escape

from convsight.describe.description import Description
from convsight.describe.description_table import COLUMNS, summary_lines
from convsight.describe.layer import Layer, volume_text
from convsight.describe.volume_drawing import volume_figures
from convsight.pages.markup import Markup, joined, tag
from convsight.pages.page import page, paragraph
from convsight.units import binary_bytes

# Where all columns would not fit beside each other, each layer is a card of its own; cells bring their column's name.
STYLE = """
.layers-frame { container-type: inline-size; }
table.layers { font-size: 12.5px; width: 100%; }
table.layers th { position: sticky; top: 0; }
table.layers td small { display: block; white-space: normal; }
table.layers tr.total td { font-weight: bold; border-top: 2px solid var(--dim); }
.legend { color: var(--dim); }
dt { font-weight: bold; } dd { margin: 0 0 .4rem 1rem; }
@container (min-width: 100.01rem) {
  .layers td:first-child, .layers td:nth-child(2), .layers td:nth-child(6) { min-width: 10.5em; }
}
@container (max-width: 100rem) {
  table.layers, .layers tbody { display: block; }
  .layers thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .layers tr { display: grid; grid-template-columns: repeat(auto-fill, minmax(6.2rem, 1fr)); gap: .3rem .8rem;
               border: 1px solid var(--line); border-radius: .5rem; padding: .6rem; margin: .6rem 0; }
  .layers td, .layers td.number { display: block; white-space: normal; padding: 0; border: 0; text-align: left; }
  .layers td:empty { display: none; }
  .layers td[data-column]::before { content: attr(data-column); display: block; color: var(--dim); font-size: 11.5px;
                                    font-weight: normal; }
  .layers td:first-child { grid-column: 1 / -1; font-weight: bold; }
  .layers td:first-child::before { display: none; }
  .layers tr.total td { border: 0; }
}
"""
_WIDE = """
body { max-width: none; padding: 2rem; font-size: 14px; }
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
    lines = [paragraph(line) for line in summary_lines(described)]
    meanings = [joined(tag("dt", name), tag("dd", text)) for name, text in _MEANINGS.items()]
    columns = (tag("h2", "What the columns say"), tag("dl", *meanings))
    body = tag("main", tag("h1", title), *lines, drawing(described), layers_table(described), *columns)
    return page(title, body, own_style=STYLE + _WIDE)


def drawing(described: Description) -> Markup:
    """The volumes drawn to scale, one after the other, and what the scales are."""
    figures = volume_figures(described)
    return joined(
        tag("div", Markup("".join(figures.volumes)), class_="drawing"), paragraph(figures.legend, kind="legend")
    )


def layers_table(described: Description) -> Markup:
    """Every layer with its numbers, each beside its formula; `STYLE` is its own."""
    head = "".join(f'<th scope="col">{column}</th>' for column in COLUMNS)
    rows = "\n".join(_row(layer) for layer in described.layers)
    return Markup(
        f'<div class="layers-frame"><table class="layers"><thead><tr>{head}</tr></thead><tbody>\n{rows}\n'
        f"{_total(described)}</tbody></table></div>\n"
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
