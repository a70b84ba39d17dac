"""The bubble chart of a comparison: accuracy against operations, bubbles as large as the networks.

After Canziani, Paszke and Culurciello, "An Analysis of Deep Neural Network Models for Practical Applications", 2017.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator

from convsight.units import short_count

_AREA = 2600.0  # points squared, of the largest bubble
_FONT = 9.0  # points
_LETTER = 5.0  # points, about
_POINTS = 0.72  # points a pixel of a figure of 100 px an inch
_KEYS = (5_000_000, 50_000_000, 150_000_000)  # parameters of the bubbles in the legend


@dataclass(frozen=True)
class Bubble:
    """One network of the chart. `accuracy` is a share in 0..1, None where none is published."""

    name: str
    parameters: int
    multiply_adds: int
    accuracy: float | None


def bubbles_figure(rows: Sequence[Bubble]) -> Figure:
    """Published accuracy against multiply-adds, areas are parameters; nets without an accuracy are named on top."""
    known = [row for row in rows if row.accuracy is not None]
    figure = Figure(figsize=(9, 5.6), layout="constrained")
    axes = figure.add_subplot()
    largest = max(row.parameters for row in rows)
    for index, row in enumerate(known):
        area = _AREA * row.parameters / largest
        axes.scatter(*_place(row), s=area, color=f"C{index % 10}", alpha=0.55, edgecolor="black", linewidth=0.6)
    for size in _KEYS:
        if size <= 1.5 * largest:
            axes.scatter(
                [], [], s=_AREA * size / largest, color="lightgrey", edgecolor="black", label=short_count(size)
            )
    figure.legend(title="parameters", loc="outside right upper", labelspacing=3.4, borderpad=2.2, handletextpad=2.2)
    axes.set_xlabel("multiply-adds for an image, in thousand millions")
    axes.set_ylabel("published top-1 accuracy on ImageNet, %")
    axes.set_xscale("log")
    for formatter in (axes.xaxis.set_major_formatter, axes.xaxis.set_minor_formatter):
        formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(LogLocator(subs=(2, 5)))
    axes.margins(0.18)
    axes.grid(alpha=0.3)
    unknown = [row.name for row in rows if row.accuracy is None]
    if unknown:
        axes.set_title(f"no published accuracy: {', '.join(unknown)}", fontsize=9)
    _name(axes, known, largest)
    return figure


def _place(row: Bubble) -> tuple[float, float]:
    """Thousand millions of multiply-adds, and accuracy in per cent."""
    assert row.accuracy is not None
    return row.multiply_adds / 1e9, 100 * row.accuracy


def _name(axes: Axes, rows: Sequence[Bubble], largest: int) -> None:
    """Write each name beside its bubble, on the first side where it hides no other name."""
    taken: list[tuple[float, float, float, float]] = []
    for row in rows:
        x, y = (float(value) * _POINTS for value in axes.transData.transform(_place(row)))
        radius = (_AREA * row.parameters / largest) ** 0.5 / 2 + 3
        wide = _LETTER * len(row.name)
        sides = [(radius, 4.0), (radius, -10.0), (-radius - wide, 4.0), (-radius - wide, -10.0), (-wide / 2, radius)]
        free = [side for side in sides if not any(_overlap((x + side[0], y + side[1], wide), other) for other in taken)]
        right, up = (free or sides)[0]
        taken.append((x + right, y + up, wide, _FONT))
        axes.annotate(row.name, _place(row), textcoords="offset points", xytext=(right, up), fontsize=_FONT)


def _overlap(text: tuple[float, float, float], other: tuple[float, float, float, float]) -> bool:
    x, y, wide = text
    return x < other[0] + other[2] and other[0] < x + wide and abs(y - other[1]) < other[3]
