"""A description as a table for people: under each number the formula that gives it."""

import shutil
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from convsight.describe.compare import Compared
from convsight.describe.description import Description
from convsight.describe.layer import Layer, volume_text
from convsight.units import binary_bytes, short_count

_WIDTH = 230  # columns where standard output is no terminal

# Title, and what stands in the column: the number, and the formula under it.
COLUMNS = (
    "layer", "kind", "kernel", "stride", "padding", "output", "parameters", "multiply-adds", "FLOPs",
    "other operations", "activation", "receptive field", "jump",
)  # fmt: skip


def print_description(described: Description) -> None:
    """The layers, a row each, their totals, and the memory of a training step where it was predicted."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _WIDTH
    console = Console(highlight=False, markup=False, emoji=False, width=width)
    title = f"{described.name} on {volume_text(described.input)}"
    table = Table(title=title, title_justify="left", show_lines=False, pad_edge=False)
    for column in COLUMNS:
        table.add_column(column, justify="left" if column in COLUMNS[:6] else "right", overflow="fold")
    for layer in described.layers:
        table.add_row(*_cells(layer))
    table.add_section()
    totals = [f"{described.parameters:,}", f"{described.multiply_adds:,}", f"{described.flops:,}"]
    rest = [f"{described.other_operations:,}", binary_bytes(described.activation_bytes), "", ""]
    table.add_row("total", *[""] * 5, *totals, *rest, style="bold")
    console.print(table)
    for line in summary_lines(described):
        console.print(line)


def summary_lines(described: Description) -> list[str]:
    """What the totals mean, and the memory of a training step."""
    lines = [
        f"{described.parameters:,} parameters; {short_count(described.multiply_adds)} multiply-adds = "
        f"{short_count(described.flops)} FLOPs of convolutions and matrix products an image, two a multiply-add; "
        "other operations are counted apart"
    ]
    if memory := described.memory:
        parts = {
            "weights": memory.weights,
            "gradients": memory.gradients,
            f"{memory.optimizer}'s state": memory.optimizer_state,
            "activations": memory.activations,
        }
        told = ", ".join(f"{name} {binary_bytes(size)}" for name, size in parts.items())
        lines.append(f"training on {memory.batch} images in float32: peak {binary_bytes(memory.peak)} ({told})")
    return lines


def _cells(layer: Layer) -> list[Text]:
    kernel = [Text(layer.kernel), Text(layer.stride), Text(layer.padding)]
    return [
        Text(layer.name),
        Text(layer.kind),
        *kernel,
        _with_formula(volume_text(layer.output), layer.output_formula),
        _with_formula(f"{layer.parameters:,}" if layer.parameters else "0", layer.parameters_formula),
        _with_formula(f"{layer.multiply_adds:,}", layer.multiply_adds_formula),
        Text(f"{layer.flops:,}"),
        Text(f"{layer.other_operations:,}"),
        Text(binary_bytes(layer.activation_bytes)),
        Text(layer.receptive_field),
        Text(layer.jump),
    ]


def _with_formula(number: str, formula: str) -> Text:
    text = Text(number)
    return text.append(f"\n{formula}", style="dim") if formula else text


def print_comparison(rows: Sequence[Compared]) -> None:
    """Networks side by side, a row each."""
    width = None if sys.stdout.isatty() else _WIDTH
    console = Console(highlight=False, markup=False, emoji=False, width=width)
    measured = any(row.speed for row in rows)
    columns = ["net", "input", "parameters", "multiply-adds", "FLOPs", "ImageNet top-1", "published by"]
    table = Table(*columns, *(["images/s here", "memory here"] if measured else []))
    for row in rows:
        described = row.described
        cells = [
            described.name,
            volume_text(described.input),
            f"{described.parameters:,}",
            short_count(described.multiply_adds),
            short_count(described.flops),
            "" if row.accuracy is None else f"{100 * row.accuracy:.2f} %",
            row.source,
        ]
        if row.speed:
            cells += [f"{row.speed.images_per_s:,.1f}", binary_bytes(row.speed.peak_bytes)]
        table.add_row(*cells)
    console.print(table)
    speed = next((row.speed for row in rows if row.speed), None)
    if speed:
        console.print(
            f"PyTorch in float32 on {speed.threads} threads, {speed.batch} images at once, median of up to "
            f"{speed.passes} passes; memory is what the process grew by at most"
        )
