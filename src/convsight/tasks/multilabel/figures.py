"""Figures of how several labels were judged: the numbers of each label, beside how frequent it is."""

import numpy as np
from matplotlib.figure import Figure

from convsight.metrics import Measured
from convsight.tasks.multilabel.light.metrics import LabelSetMetrics
from convsight.words import counted, shortened

_MOST = 60  # labels in the figure: the worst, of more
_NAME = 24  # characters
_ROW_INCHES = 0.28
_HALF = 0.18  # of a row: how far the two marks of a label lie apart


def labels_figure(metrics: LabelSetMetrics) -> Figure:
    """Average precision and F1 of each label, with intervals, worst first, and how frequent it is."""
    found = metrics.compute()
    present, _ = metrics.judged()
    frequent = dict(zip(metrics.classes, present.mean(axis=0).tolist(), strict=True))
    names = [name for name in metrics.classes if f"AP/{name}" in found]
    names = sorted(names, key=lambda name: found[f"AP/{name}"].value)[:_MOST]
    figure = Figure(figsize=(7.5, 1.6 + _ROW_INCHES * max(3, len(names))), layout="constrained")
    axes = figure.subplots()
    rows = np.arange(len(names))
    for kind, words, offset, colour in (
        ("AP", "average precision", -_HALF, "tab:blue"),
        ("f1", "F1 from the threshold on", _HALF, "tab:orange"),
    ):
        values = [found.get(f"{kind}/{name}", Measured(0, 0, 0)) for name in names]
        middle, low, high = np.array(values).reshape(-1, 3).T
        reach = np.abs(np.stack([middle - low, high - middle]))
        axes.errorbar(middle, rows + offset, xerr=reach, fmt="o", markersize=4, color=colour, label=words, linewidth=1)
    shares = [frequent[name] for name in names]
    axes.plot(shares, rows, "|", color="black", markersize=9, label="share of images with it")
    axes.set_yticks(rows, [shortened(name, _NAME) for name in names], parse_math=False)
    axes.set(xlim=(-0.02, 1.02), ylim=(len(names) - 0.5, -0.5), xlabel="share")
    axes.grid(axis="x", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    some = f", the worst {_MOST} of {len(metrics.classes):,}" if len(metrics.classes) > _MOST else ""
    figure.suptitle(f"mAP {found['mAP'].value:.3f}, {counted(len(present), 'image')}{some}")
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    return figure
