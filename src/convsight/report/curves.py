"""The curves of a training run, from the rows of its `metrics.csv`."""

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

Rows = Sequence[Mapping[str, float]]


def curves_figure(rows: Rows, metrics: Sequence[str], title: str, best_epoch: int | None = None) -> Figure:
    """Losses, those of `metrics` that were measured in validation, and the learning rate, each over the epochs.

    `rows` holds one mapping an epoch, with `epoch`, `lr`, `train/loss` and `val/<metric>`; what is missing or not
    finite is not drawn. `metrics` share one axis. `best_epoch` is marked.

    Raises ValueError where there is nothing to draw.
    """
    panels = [
        ("loss", _losses(rows)),
        ("validation metrics", [f"val/{metric}" for metric in metrics]),
        ("learning rate", ["lr"]),
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


def _losses(rows: Rows) -> list[str]:
    """Names of the losses, those of training first."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return [name for name in names if name.startswith("train/")] + [
        name for name in names if name.startswith("val/") and name.endswith("loss")
    ]


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
    if names != ["lr"]:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=9)


def _readable(name: str) -> str:
    """`train/loss` as "training loss", `val/log_loss` as "validation log loss", other metrics by their bare name."""
    split, _, metric = name.partition("/")
    words = metric.replace("_", " ")
    if split == "train":
        return f"training {words}"
    return f"validation {words}" if metric.endswith("loss") else words
