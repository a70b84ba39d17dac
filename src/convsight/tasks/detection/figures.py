"""Figures of how a detection was judged: precision against recall, and the kinds of errors."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from convsight.metrics.things.average_precision import GRID
from convsight.metrics.things.threshold_metrics import ThresholdCurve
from convsight.tasks.detection.light.metrics import BoxMetrics
from convsight.words import shortened

_MAX_NAMED = 10  # classes with a colour of their own
_LONGEST_NAME = 24
_KINDS = {
    "class": "wrong class",
    "place": "wrong place",
    "both": "wrong class\nand place",
    "duplicate": "found twice",
    "background": "nothing there",
    "missed": "missed",
}


def figures(metrics: BoxMetrics) -> dict[str, Figure]:
    """All figures by file stem."""
    return {"precision_recall": precision_recall_figure(metrics), "errors": errors_figure(metrics)}


def precision_recall_figure(metrics: BoxMetrics) -> Figure:
    """Precision against recall of each class at an overlap of 0.5; a dot stands where its threshold is.

    At each recall stands the best precision at that recall or a higher one, whose mean is the average precision. Beyond
    ten classes all lines are grey and none is named. The mean of the classes is black.
    """
    curves = metrics.precision_recall()
    figure = Figure(figsize=(7.4, 5.0), layout="constrained")
    axes = figure.subplots()
    heights = {name: _at_recalls(curve) for name, curve in curves.items()}
    for index, (name, curve) in enumerate(curves.items()):
        named = len(curves) <= _MAX_NAMED
        color, width = (f"C{index}", 1.5) if named else ("lightgrey", 0.8)
        label = f"{heights[name].mean():.2f} {shortened(name, _LONGEST_NAME)}" if named else None
        axes.plot(GRID, heights[name], color=color, linewidth=width, label=label)
        if named and curve.found:
            axes.plot(curve.recall[curve.found - 1], curve.precision[curve.found - 1], "o", color=color, markersize=5)
    if len(curves) > 1:
        mean = np.mean(list(heights.values()), axis=0)
        axes.plot(GRID, mean, color="black", linewidth=2, label=f"{mean.mean():.2f} mean")
    axes.set(xlim=(0, 1), ylim=(0, 1.03), xlabel="recall", ylabel="precision")
    axes.set_title("Precision and recall at an overlap of 0.5")
    axes.spines[["top", "right"]].set_visible(False)
    _legend(axes)
    return figure


def errors_figure(metrics: BoxMetrics) -> Figure:
    """How many errors there are of each kind among the boxes that count as found, and of things missed."""
    counts = metrics.errors()
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.subplots()
    bars = axes.barh([_KINDS[kind] for kind in counts], list(counts.values()), color="tab:blue")
    axes.bar_label(bars, [f"{count:,}" for count in counts.values()], padding=3)
    axes.invert_yaxis()
    axes.set(xlim=(0, max(1, *counts.values()) * 1.12), xlabel="errors")
    axes.set_title(f"{sum(counts.values()):,} errors by kind")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _at_recalls(curve: ThresholdCurve) -> NDArray[np.float64]:
    """The best precision at each recall of the grid or a higher one; 0 beyond the last."""
    best = np.maximum.accumulate(curve.precision[::-1])[::-1]
    return np.append(best, 0.0)[np.searchsorted(curve.recall, GRID)]


def _legend(axes: Axes) -> None:
    if not axes.get_legend_handles_labels()[0]:
        return
    legend = axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, title="average precision")
    for text in legend.get_texts():
        text.set_parse_math(False)  # a dollar sign in a class name does not start a formula
