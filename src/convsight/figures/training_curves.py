"""The curves of a training run, from the rows of its `metrics.csv`."""

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from convsight.metrics import Metric, MetricName

Rows = Sequence[Mapping[str, float]]

_RATE = "lr"


def curves_figure(rows: Rows, metrics: Sequence[Metric], title: str, best_epoch: int | None = None) -> Figure:
    """Losses, those of `metrics` that were measured in validation, and the learning rate, each over the epochs.

    `rows` holds one mapping an epoch, with `epoch`, `lr` and numbers by the text of their `MetricName`; what is missing
    or not finite is not drawn. The parts of the loss have an axis of their own; metrics that are shares have one
    together, others one for each unit. `best_epoch` is marked.

    Raises ValueError where there is nothing to draw.
    """
    parsed = [MetricName.parse(column) for column in _columns(rows)]
    measured = [name for name in parsed if name is not None]
    validation = _validation(metrics)
    panels = [
        ("loss", _losses(measured, [column for _, columns in validation for column in columns])),
        ("parts of the loss", [str(name) for name in measured if name.split == "train" and name.of is not None]),
        *validation,
        ("learning rate", [_RATE]),
    ]
    shown = [(label, names) for label, names in panels if any(_points(rows, name) for name in names)]
    if not shown:
        raise ValueError("no epoch has ended, so there are no curves")
    figure = Figure(figsize=(8, 1.0 + 2.4 * len(shown)), layout="constrained")
    figure.suptitle(title, parse_math=False)
    drawn: list[Axes] = list(figure.subplots(len(shown), 1, sharex=True, squeeze=False)[:, 0])
    for axes, (label, names) in zip(drawn, shown, strict=True):
        _draw(axes, rows, label, names, best_epoch)
    drawn[-1].set_xlabel("epoch")
    return figure


def _columns(rows: Rows) -> list[str]:
    return list(dict.fromkeys(column for row in rows for column in row))


def _losses(names: Sequence[MetricName], drawn: Sequence[str]) -> list[str]:
    """Columns of the whole losses, those of training first, but for what is `drawn` elsewhere."""
    whole = [name for name in names if name.of is None and str(name) not in drawn]
    return [str(name) for name in whole if name.split == "train"] + [
        str(name) for name in whole if name.split == "val" and name.name.endswith("loss")
    ]


def _validation(metrics: Sequence[Metric]) -> list[tuple[str, list[str]]]:
    """Labels of axes, and what is drawn on each: shares on one, other metrics on one for each unit."""
    panels: dict[str, list[str]] = {}
    for metric in metrics:
        own = f"validation, {metric.unit}" if metric.unit else f"validation {metric.words}"
        label = "validation metrics" if metric.share else own
        panels.setdefault(label, []).append(str(MetricName("val", metric.name)))
    return list(panels.items())


def _points(rows: Rows, name: str) -> list[tuple[float, float]]:
    """(epoch, value) of a column where it has a finite value."""
    return [(row["epoch"], row[name]) for row in rows if math.isfinite(row.get(name, math.nan))]


def _draw(axes: Axes, rows: Rows, label: str, names: list[str], best_epoch: int | None) -> None:
    marker = "o" if len(rows) == 1 else None  # a line needs two points
    for position, name in enumerate(names):
        points = _points(rows, name)
        if points:
            epochs, values = zip(*points, strict=True)
            # The first metric, which chooses the best epoch, lies on top.
            axes.plot(epochs, values, marker=marker, label=_readable(name), zorder=3 - position / len(names))
    if best_epoch is not None:
        axes.axvline(best_epoch, color="grey", linestyle=":", label=f"best epoch: {best_epoch}")
    axes.set_ylabel(label)
    axes.set_xlim(rows[0]["epoch"] - 0.5, rows[-1]["epoch"] + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    if names != [_RATE]:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=9)


def _readable(column: str) -> str:
    """`train/loss` as "training loss", `val/log_loss` as "validation log loss", others by their bare name."""
    name = MetricName.parse(column)
    if name is None:
        return column
    if name.of is not None:
        return name.of.replace("_", " ")
    words = name.name.replace("_", " ")
    if name.split == "train":
        return f"training {words}"
    return f"validation {words}" if name.name.endswith("loss") else words
