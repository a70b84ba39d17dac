"""What several runs of one training reached: a dot for each, and what they reach together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from convsight.metrics import Measured, Metric


@dataclass(frozen=True)
class Spread:
    """What each run reached in one metric, and what all reach together with its interval, where there is one."""

    values: Sequence[float]
    together: Measured | None


def spread_figure(metrics: Mapping[Metric, Spread], title: str, interval: str) -> Figure:
    """A row for each metric, shares on one axis, others on one of their own; `interval` says what the bars are.

    Raises ValueError where there is no metric.
    """
    if not metrics:
        raise ValueError("no metric was measured by all runs")
    panels: dict[str, list[Metric]] = {}
    for metric in metrics:
        own = f"{metric.words}, {metric.unit}" if metric.unit else metric.words
        panels.setdefault("share" if metric.share else own, []).append(metric)
    heights = [0.5 + 0.4 * len(shown) for shown in panels.values()]
    figure = Figure(figsize=(8, 1.3 + sum(heights) + 0.4 * len(heights)), layout="constrained")
    figure.suptitle(title, parse_math=False)
    drawn = figure.subplots(len(panels), 1, squeeze=False, gridspec_kw={"height_ratios": heights})[:, 0]
    for axes, (label, shown) in zip(drawn, panels.items(), strict=True):
        for row, metric in enumerate(shown):
            spread = metrics[metric]
            # A little apart, in one order, since equal values would hide one another.
            apart = row + np.linspace(-0.15, 0.15, len(spread.values))
            axes.plot(spread.values, apart, "o", color="tab:blue", alpha=0.6, markersize=5)
            if spread.together is not None:
                value, low, high = spread.together
                axes.errorbar(value, row, xerr=[[value - low], [high - value]], fmt="D", color="black", capsize=4)
        axes.set_yticks(range(len(shown)), [metric.words for metric in shown])
        axes.set_ylim(len(shown) - 0.5, -0.5)
        axes.set_xlabel(label)
        axes.grid(axis="x", alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    figure.supxlabel(f"blue: one run; black: 95 %, {interval}", fontsize=8, wrap=True)
    return figure
