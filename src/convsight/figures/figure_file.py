"""A figure as a file."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from convsight.files import write_atomic_with

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def save_figure(figure: "Figure", place: Path) -> None:
    """Write `figure` to `place` as PNG, whole or not at all."""
    write_atomic_with(place, partial(_draw, figure))


def _draw(figure: "Figure", file: Path) -> None:
    figure.savefig(file, dpi=120, format="png")
