"""What kernels made of an image, as a table on standard output."""

import typer
from rich.console import Console
from rich.table import Column, Table

from convsight.arithmetic.cell import written
from convsight.arithmetic.filtering import FilteredImage


def print_filtered(found: FilteredImage) -> None:
    """A row a kernel: its operation, the sides with their formulas, and the responses; then the sums asked for."""
    before = " x ".join(map(str, found.grey.shape))
    table = Table("kernel", Column("operation, height x width", no_wrap=True), "response, and as shown")
    for one in found.filtered:
        after = " x ".join(str(side.value) for side in one.sides)
        table.add_row(
            one.kernel.name,
            "\n".join([one.operation, f"{before} -> {after}", *map(str, one.sides)]),
            f"{written(one.smallest)} .. {written(one.largest)}\n{one.rule}",
        )
    Console(highlight=False, markup=False, emoji=False).print(table)
    for one in found.filtered:
        if one.cell is not None:
            typer.echo(f"{one.kernel.name} at {','.join(map(str, one.cell.position))}: {one.cell}")
