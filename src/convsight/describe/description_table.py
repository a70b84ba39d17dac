"""A description as a table for people: under each number the formula that gives it."""

import os
import shutil
import sys
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from convsight.describe.compare import Compared
from convsight.describe.description import Description
from convsight.describe.layer import Layer, volume_text
from convsight.printing import print_fitting
from convsight.units import binary_bytes, short_count
from convsight.words import counted

_WIDTH = 230  # columns where standard output is no terminal

# Title, and what stands in the column: the number, and the formula under it.
COLUMNS = (
    "layer", "kind", "kernel", "stride", "padding", "output", "parameters", "multiply-adds", "FLOPs",
    "other operations", "activation", "receptive field", "jump",
)  # fmt: skip
_MOST = ("layer", "kind", "kernel", "stride", "padding", "output", "parameters", "multiply-adds", "receptive field")
_FEW = ("layer", "kind", "output", "parameters", "multiply-adds")
_FEWEST = ("layer", "output", "parameters", "multiply-adds")


def print_description(described: Description) -> None:
    """The layers, a row each, their totals, and the memory of a training step where it was predicted.

    Where a terminal is too narrow for all columns it shows fewer, without formulas, or the layers one below the other.
    """
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() or "COLUMNS" in os.environ else _WIDTH
    console = Console(highlight=False, markup=False, emoji=False, width=width)
    title = f"{described.name} on {volume_text(described.input)}"
    console.print(title, style="italic")
    print_fitting(console, _tables(described))
    for line in summary_lines(described):
        console.print(line)


def _tables(described: Description) -> Iterator[Table]:
    """The layers as tables, the widest first."""
    yield _table(described, COLUMNS, formulas=True)
    for columns in (COLUMNS, _MOST, _FEW, _FEWEST):
        yield _table(described, columns, formulas=False)
    yield _stacked(described)


def _table(described: Description, columns: Sequence[str], formulas: bool) -> Table:
    table = Table(pad_edge=False)
    for column in columns:
        table.add_column(column, justify="left" if column in COLUMNS[:6] else "right", no_wrap=True)
    for layer in described.layers:
        cells = dict(zip(COLUMNS, _cells(layer, formulas), strict=True))
        table.add_row(*(cells[column] for column in columns))
    table.add_section()
    totals = _totals(described)
    table.add_row(*(totals.get(column, "") for column in columns), style="bold")
    return table


def _stacked(described: Description) -> Table:
    """A layer in two lines: what it is, and what it gives and costs."""
    table = Table(pad_edge=False, show_header=False, show_lines=True)
    table.add_column(overflow="fold")
    for layer in described.layers:
        kind = " ".join(filter(None, [layer.kind, layer.kernel]))
        costs = f"{layer.parameters:,} parameters, {short_count(layer.multiply_adds)} multiply-adds"
        table.add_row(f"{layer.name}: {kind}\n{volume_text(layer.output)}; {costs}")
    totals = _totals(described)
    table.add_row(f"total\n{totals['parameters']} parameters, {totals['multiply-adds']} multiply-adds", style="bold")
    return table


def _totals(described: Description) -> dict[str, str]:
    return {
        "layer": "total",
        "parameters": f"{described.parameters:,}",
        "multiply-adds": f"{described.multiply_adds:,}",
        "FLOPs": f"{described.flops:,}",
        "other operations": f"{described.other_operations:,}",
        "activation": binary_bytes(described.activation_bytes),
    }


def summary_lines(described: Description) -> list[str]:
    """What the totals mean, and the memory of a training step."""
    lines = [
        f"{described.parameters:,} parameters; {short_count(described.multiply_adds)} multiply-adds = "
        f"{short_count(described.flops)} FLOPs of convolutions and matrix products an image, two a multiply-add; "
        "other operations are counted apart"
    ]
    if described.stages:
        lines.append(f"stages, for train --freeze N: {described.stages.summary()}")
    if memory := described.memory:
        parts = {
            "weights": memory.weights,
            "gradients": memory.gradients,
            f"{memory.optimizer}'s state": memory.optimizer_state,
            "activations": memory.activations,
        }
        told = ", ".join(f"{name} {binary_bytes(size)}" for name, size in parts.items())
        lines.append(
            f"training on {counted(memory.batch, 'image')} in float32: peak {binary_bytes(memory.peak)} ({told})"
        )
    return lines


def _cells(layer: Layer, formulas: bool) -> list[Text]:
    """What stands in each of `COLUMNS`."""

    def with_formula(number: str, formula: str) -> Text:
        text = Text(number)
        return text.append(f"\n{formula}", style="dim") if formula and formulas else text

    kernel = [Text(layer.kernel), Text(layer.stride), Text(layer.padding)]
    return [
        Text(layer.name),
        Text(layer.kind),
        *kernel,
        with_formula(volume_text(layer.output), layer.output_formula),
        with_formula(f"{layer.parameters:,}" if layer.parameters else "0", layer.parameters_formula),
        with_formula(f"{layer.multiply_adds:,}", layer.multiply_adds_formula),
        Text(f"{layer.flops:,}"),
        Text(f"{layer.other_operations:,}"),
        Text(binary_bytes(layer.activation_bytes)),
        Text(layer.receptive_field),
        Text(layer.jump),
    ]


_COMPARED = ("net", "input", "parameters", "multiply-adds", "FLOPs", "ImageNet top-1", "published by")
_MEASURED = ("images/s here", "memory here")


def print_comparison(rows: Sequence[Compared]) -> None:
    """Networks side by side, a row each; of a narrow terminal fewer columns."""
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else _WIDTH
    console = Console(highlight=False, markup=False, emoji=False, width=width)
    measured = _MEASURED if any(row.speed for row in rows) else ()
    few = ("net", "parameters", "multiply-adds")
    choices = [
        (*_COMPARED, *measured),
        (*few, "ImageNet top-1", *measured),
        (*few, *measured[:1]),
        ("net", "parameters"),
    ]
    print_fitting(console, (_comparison(rows, columns) for columns in choices))
    speed = next((row.speed for row in rows if row.speed), None)
    if speed:
        console.print(
            f"PyTorch in float32 on {counted(speed.threads, 'thread')}, {counted(speed.batch, 'image')} at once, "
            f"median of up to {speed.passes} passes; memory is what the process grew by at most"
        )


def _comparison(rows: Sequence[Compared], columns: Sequence[str]) -> Table:
    table = Table()
    for column in columns:
        table.add_column(column, no_wrap=True)
    for row in rows:
        described = row.described
        cells = {
            "net": described.name,
            "input": volume_text(described.input),
            "parameters": f"{described.parameters:,}",
            "multiply-adds": short_count(described.multiply_adds),
            "FLOPs": short_count(described.flops),
            "ImageNet top-1": "" if row.accuracy is None else f"{100 * row.accuracy:.2f} %",
            "published by": row.source,
        }
        if row.speed:
            cells |= {
                "images/s here": f"{row.speed.images_per_s:,.1f}",
                "memory here": binary_bytes(row.speed.peak_bytes),
            }
        table.add_row(*(cells.get(column, "") for column in columns))
    return table
