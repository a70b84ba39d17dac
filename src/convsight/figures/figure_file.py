"""A figure as a file."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from convsight.files import write_atomic_with

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def save_figure(figure: "Figure", place: Path) -> None:
    """Write `figure` to `place` as PNG, whole or not at all; `words_of` it stand in the file as its description."""
    write_atomic_with(place, partial(_draw, figure))


def _draw(figure: "Figure", file: Path) -> None:
    figure.savefig(file, dpi=120, format="png", metadata={"Description": words_of(figure)})


def words_of(figure: "Figure") -> str:
    """What `figure` shows, for those who do not see it: its titles, then what its axes are."""
    title = figure.get_suptitle()
    panels = [
        (axes.get_title(), " over ".join(filter(None, (axes.get_ylabel(), axes.get_xlabel())))) for axes in figure.axes
    ]
    words = dict.fromkeys([title, *(each for panel in panels for each in panel)])
    return "; ".join(" ".join(each.split()) for each in words if each)
