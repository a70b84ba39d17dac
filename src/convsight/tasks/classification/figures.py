"""Figures of how a classification was judged: the confusion matrix and the calibration diagram."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from convsight.tasks.classification.light.metrics import ClassMetrics
from convsight.words import counted, shortened

_MAX_CLASSES_WITH_COUNTS = 20
_LONGEST_NAME = 24
_CELL_INCHES = 0.42
_NARROW_CELL_INCHES = 0.13  # a name of 7 points still fits beside its row
_WIDEST_INCHES = 26.0  # of the matrix; at 100 dots an inch an image that can still be opened anywhere
_COLORBAR_INCHES = 4.0
_CALIBRATION_INCHES = 5.2


def confusion_figure(metrics: ClassMetrics) -> Figure:
    """The confusion matrix, each row normalised by how often its class is the target.

    Counts stand in the cells up to 20 classes. With more classes than names fit, every n-th is named.
    """
    counts = metrics.confusion()
    classes = len(metrics.classes)
    detailed = classes <= _MAX_CLASSES_WITH_COUNTS
    side = min(_WIDEST_INCHES, max(2.5, classes * (_CELL_INCHES if detailed else _NARROW_CELL_INCHES)))
    figure = Figure(figsize=(side + 2.6, side + 1.8), layout="constrained")
    axes = figure.subplots()
    totals = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(totals, 1)
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    # Placed by hand, so that it is as wide, and as far from the matrix, whatever the number of classes.
    height = min(1.0, _COLORBAR_INCHES / side)
    place = axes.inset_axes((1 + 0.2 / side, 1 - height, 0.16 / side, height))
    figure.colorbar(image, cax=place, label="share of the true class")
    _name_classes(axes, metrics.classes, side)
    axes.set_xlabel("prediction")
    axes.set_ylabel("target")
    axes.set_title(f"Confusion matrix, {counted(int(counts.sum()), 'image')}")
    if detailed:
        _write_counts(axes, counts, shares)
    return figure


def reliability_figure(metrics: ClassMetrics) -> Figure:
    """The calibration diagram: how often predictions of a given confidence are right, and how many there are.

    Guo et al., On Calibration of Modern Neural Networks, 2017, figure 1.
    """
    bins = metrics.reliability()
    figure = Figure(figsize=(_CALIBRATION_INCHES, _CALIBRATION_INCHES + 1.2), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    middle, width = (bins.edges[:-1] + bins.edges[1:]) / 2, np.diff(bins.edges)
    full = bins.counts > 0
    upper.bar(middle[full], bins.accuracy[full], width[full], color="tab:blue", edgecolor="white", label="accuracy")
    upper.plot(bins.confidence[full], bins.accuracy[full], "o", color="black", markersize=4, label="mean confidence")
    upper.plot([0, 1], [0, 1], "--", color="grey", label="perfectly calibrated")
    upper.set(xlim=(0, 1), ylim=(0, 1.03), ylabel="accuracy")
    error = metrics.compute(intervals=False)["calibration_error"]
    figure.suptitle(f"Calibration error {error.value:.3f}, {counted(int(bins.counts.sum()), 'image')}")
    upper.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False, fontsize=8)
    lower.bar(middle, bins.counts / bins.counts.sum(), width, color="tab:grey", edgecolor="white")
    lower.set(xlabel="confidence: probability of the prediction", ylabel="share of\nimages")
    for axes in (upper, lower):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _name_classes(axes: Axes, classes: tuple[str, ...], side: float) -> None:
    """Names along both axes, every n-th where they would overlap."""
    step = int(np.ceil(_NARROW_CELL_INCHES * len(classes) / side - 1e-9))
    ticks = range(0, len(classes), step)
    names = [shortened(classes[index], _LONGEST_NAME) for index in ticks]
    points = 9 if side / len(classes) >= _CELL_INCHES else 7
    # A class name is text as it is: a dollar sign in it does not start a formula.
    axes.set_xticks(ticks, names, fontsize=points, rotation=90, parse_math=False)
    axes.set_yticks(ticks, names, fontsize=points, parse_math=False)


def _write_counts(axes: Axes, counts: NDArray[np.integer[Any]], shares: NDArray[np.floating[Any]]) -> None:
    points = 9 if len(counts) <= 5 else 7
    for (row, column), count in np.ndenumerate(counts):
        color = "white" if shares[row, column] > 0.5 else "black" if count else "lightgrey"
        axes.text(column, row, str(count), ha="center", va="center", color=color, fontsize=points)
