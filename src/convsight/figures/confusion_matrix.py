"""A confusion matrix as a figure: how often each class was taken for each."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from convsight.words import shortened

_MAX_CLASSES_WITH_TEXTS = 20
_LONGEST_NAME = 24
_CELL_INCHES = 0.42
_NARROW_CELL_INCHES = 0.13  # a name of 7 points still fits beside its row
_WIDEST_INCHES = 26.0  # of the matrix; at 100 dots an inch an image that can still be opened anywhere
_COLORBAR_INCHES = 4.0


def confusion_matrix_figure(
    counts: NDArray[np.integer[Any]],
    rows: Sequence[str],
    columns: Sequence[str],
    title: str,
    text: Callable[[int, float], str] = lambda count, share: str(count),
) -> Figure:
    """`counts` (rows, columns), each row normalised by its sum: true classes, and what was predicted.

    A `text` of the count and its share of the row stands in each cell up to 20 rows. With more than names fit, every
    n-th is named.
    """
    classes = len(rows)
    detailed = classes <= _MAX_CLASSES_WITH_TEXTS
    side = min(_WIDEST_INCHES, max(2.5, classes * (_CELL_INCHES if detailed else _NARROW_CELL_INCHES)))
    figure = Figure(figsize=(side + 2.6, side + 1.8), layout="constrained")
    axes = figure.subplots()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    # Placed by hand, so that it is as wide, and as far from the matrix, whatever the number of classes.
    height = min(1.0, _COLORBAR_INCHES / side)
    place = axes.inset_axes((1 + 0.2 / side, 1 - height, 0.16 / side, height))
    figure.colorbar(image, cax=place, label="share of the true class")
    _name_classes(axes, rows, columns, side)
    axes.set_xlabel("prediction")
    axes.set_ylabel("target")
    axes.set_title(title)
    if detailed:
        _write(axes, counts, shares, text)
    return figure


def _name_classes(axes: Axes, rows: Sequence[str], columns: Sequence[str], side: float) -> None:
    """Names along both axes, every n-th where they would overlap."""
    step = int(np.ceil(_NARROW_CELL_INCHES * len(rows) / side - 1e-9))
    points = 9 if side / len(rows) >= _CELL_INCHES else 7
    # A class name is text as it is: a dollar sign in it does not start a formula.
    for names, put, turned in ((columns, axes.set_xticks, 90), (rows, axes.set_yticks, 0)):
        ticks = range(0, len(names), step)
        shown = [shortened(names[index], _LONGEST_NAME) for index in ticks]
        put(ticks, shown, fontsize=points, rotation=turned, parse_math=False)


def _write(
    axes: Axes, counts: NDArray[np.integer[Any]], shares: NDArray[np.floating[Any]], text: Callable[[int, float], str]
) -> None:
    points = 9 if len(counts) <= 5 else 7
    for (row, column), count in np.ndenumerate(counts):
        share = float(shares[row, column])
        color = "white" if share > 0.5 else "black" if count else "lightgrey"
        axes.text(column, row, text(int(count), share), ha="center", va="center", color=color, fontsize=points)
