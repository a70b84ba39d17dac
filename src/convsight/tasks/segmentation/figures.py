"""Figures of how classes of pixels were judged: what they were taken for, and how they overlap."""

import numpy as np
from matplotlib.figure import Figure

from convsight.figures.confusion_matrix import confusion_matrix_figure
from convsight.results.class_map_mistakes import NO_CLASS
from convsight.tasks.segmentation.light.metrics import ClassMapMetrics
from convsight.words import shortened

_LONGEST_NAME = 24


def figures(metrics: ClassMapMetrics) -> dict[str, Figure]:
    """All figures by file stem."""
    return {"confusion": pixel_confusion_figure(metrics), "overlap": overlap_figure(metrics)}


def pixel_confusion_figure(metrics: ClassMapMetrics) -> Figure:
    """What the pixels of each class were taken for, in hundredths; the last column where some had no class."""
    counts = metrics.confusion
    columns = [*metrics.classes, NO_CLASS]
    if not counts[:, -1].any():
        counts, columns = counts[:, :-1], columns[:-1]
    title = f"What pixels were taken for, in %\n({counts.sum() / 1e6:,.2f} million pixels)"
    return confusion_matrix_figure(counts, metrics.classes, columns, title, lambda _, share: f"{100 * share:.0f}")


def overlap_figure(metrics: ClassMapMetrics) -> Figure:
    """Intersection over union of each class that occurs, the best first, and their mean."""
    found = metrics.compute(intervals=False)
    overlaps = {name: found[f"IoU/{name}"].value for name in metrics.classes if f"IoU/{name}" in found}
    names = sorted(overlaps, key=lambda name: -overlaps[name])
    values = np.array([overlaps[name] for name in names])
    figure = Figure(figsize=(6.4, 1.2 + 0.28 * len(names)), layout="constrained")
    axes = figure.subplots()
    bars = axes.barh(range(len(names)), values, color="tab:blue")
    axes.bar_label(bars, [f"{value:.2f}" for value in values], padding=3, fontsize=8)
    axes.set_yticks(range(len(names)), [shortened(name, _LONGEST_NAME) for name in names], parse_math=False)
    axes.axvline(found["mIoU"].value, color="black", linestyle="--", linewidth=1)
    axes.invert_yaxis()
    axes.set(xlim=(0, 1.08), xlabel="intersection over union")
    axes.set_title(f"Overlap by class, mean {found['mIoU'].value:.3f}")
    axes.spines[["top", "right"]].set_visible(False)
    return figure
