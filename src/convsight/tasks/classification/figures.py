"""Figures of how a classification was judged: the confusion matrix and the calibration diagram."""

import numpy as np
from matplotlib.figure import Figure

from convsight.figures.confusion_matrix import confusion_matrix_figure
from convsight.tasks.classification.light.metrics import ClassMetrics
from convsight.words import counted

_CALIBRATION_INCHES = 5.2


def confusion_figure(metrics: ClassMetrics) -> Figure:
    """The confusion matrix, each row normalised by how often its class is the target.

    Counts stand in the cells up to 20 classes. With more classes than names fit, every n-th is named.
    """
    counts = metrics.confusion()
    title = f"Confusion matrix, {counted(int(counts.sum()), 'image')}"
    return confusion_matrix_figure(counts, metrics.classes, metrics.classes, title)


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
