"""Figures of how a regression was judged: predictions beside the truth, and what is left of it."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convsight.spread import evenly
from convsight.tasks.regression.light.metrics import NumberMetrics
from convsight.words import counted, shortened

_MOST_NUMBERS = 6
_MOST_INTERVALS = 400  # bars of more hide one another
_MOST_POINTS = 5000
_INCHES = 4.2
_LONGEST_NAME = 40


def truth_figure(metrics: NumberMetrics) -> Figure:
    """Predictions with their intervals over the truth, a panel for each of up to 6 numbers."""
    true, said = metrics.true, metrics.said
    low, high = metrics.intervals()
    figure, panels = _panels(metrics)
    for column, axes in enumerate(panels):
        rows = evenly(len(true), _MOST_POINTS)
        x, y = true[rows, column], said[rows, column]
        if len(low):
            barred = evenly(len(true), _MOST_INTERVALS)
            axes.vlines(true[barred, column], low[barred, column], high[barred, column], color="tab:blue", alpha=0.25)
        axes.plot(x, y, ".", color="tab:blue", markersize=4)
        ends = [min(x.min(), y.min()), max(x.max(), y.max())]
        axes.plot(ends, ends, "--", color="grey", linewidth=1)
        label = shortened(metrics.target.labels[column], _LONGEST_NAME)
        axes.set_xlabel(f"true {label}", parse_math=False)
        axes.set_ylabel("prediction, with its 90 % interval" if len(low) else "prediction")
    figure.suptitle(f"Predictions and the truth, {counted(len(true), 'image')}")
    return figure


def residuals_figure(metrics: NumberMetrics) -> Figure:
    """Prediction less truth over the prediction, a panel for each of up to 6 numbers."""
    true, said = metrics.true, metrics.said
    figure, panels = _panels(metrics)
    for column, axes in enumerate(panels):
        rows = evenly(len(true), _MOST_POINTS)
        left = said[rows, column] - true[rows, column]
        axes.plot(said[rows, column], left, ".", color="tab:orange", markersize=4)
        axes.axhline(0, color="grey", linewidth=1, linestyle="--")
        axes.axhline(float(np.mean(said[:, column] - true[:, column])), color="tab:red", linewidth=1, label="mean")
        label = shortened(metrics.target.labels[column], _LONGEST_NAME)
        axes.set_xlabel(f"predicted {label}", parse_math=False)
        axes.set_ylabel("prediction less truth")
        axes.legend(frameon=False, fontsize=8)
    figure.suptitle(f"What is left, {counted(len(true), 'image')}")
    return figure


def _panels(metrics: NumberMetrics) -> tuple[Figure, list[Axes]]:
    count = min(len(metrics.target.names), _MOST_NUMBERS)
    across = min(count, 3)
    down = -(-count // across)
    figure = Figure(figsize=(_INCHES * across + 0.6, _INCHES * down + 0.4), layout="constrained")
    grid = figure.subplots(down, across, squeeze=False).ravel().tolist()
    for axes in grid[count:]:
        axes.remove()
    for axes in grid[:count]:
        axes.spines[["top", "right"]].set_visible(False)
    return figure, grid[:count]
