"""The curves of a training run, from the rows of its `metrics.csv`."""

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

Rows = Sequence[Mapping[str, float]]


def curves_figure(rows: Rows, title: str, best_epoch: int | None = None) -> Figure:
    """Losses, validation metrics between 0 and 1, and the learning rate, each over the epochs.

    `rows` holds one mapping an epoch, with `epoch`, `lr`, `train/loss` and `val/<metric>`; what is missing or not
    finite is not drawn, and metrics of single classes (`val/recall/cat`) are not either. `best_epoch` is marked.

    Raises ValueError where there is nothing to draw.
    """
    losses, metrics = _columns(rows)
    panels = [("loss", losses), ("validation metrics", metrics), ("learning rate", ["lr"])]
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


def _columns(rows: Rows) -> tuple[list[str], list[str]]:
    """Names of the losses, and of the validation metrics that stay within 0..1."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    judged = [name for name in names if name.startswith("val/") and name.count("/") == 1]
    losses = [name for name in names if name.startswith("train/")] + [name for name in judged if name.endswith("loss")]
    bounded = [name for name in judged if name not in losses and _within_one(rows, name)]
    return losses, bounded


def _points(rows: Rows, name: str) -> list[tuple[float, float]]:
    """(epoch, value) of a column where it has a finite value."""
    return [(row["epoch"], row[name]) for row in rows if math.isfinite(row.get(name, math.nan))]


def _within_one(rows: Rows, name: str) -> bool:
    values = [value for _, value in _points(rows, name)]
    return bool(values) and min(values) >= 0 and max(values) <= 1


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
