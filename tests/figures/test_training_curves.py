import math
from io import BytesIO

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from convsight.figures.training_curves import curves_figure
from convsight.metrics import Metric

METRICS = (Metric("accuracy"), Metric("auc"))
ERROR = Metric("error_px", "lower", perfect=0.0, span=30.0, unit="px", share=False)


def rows(epochs: int) -> list[dict[str, float]]:
    return [
        {
            "epoch": epoch,
            "step": 100 * epoch,
            "seconds": 3.0 * epoch,
            "images_per_s": 4000.0,
            "lr": 0.01 * math.cos(epoch / epochs),
            "train/loss": 2 * math.exp(-epoch / 5),
            "val/accuracy": 1 - math.exp(-epoch / 4),
            "val/auc": 1 - 0.5 * math.exp(-epoch / 4),
            "val/log_loss": 0.9 * math.exp(-epoch / 6),
            "val/recall/cat": 0.5,
            "val/error_px": 20.0 / epoch,
        }
        for epoch in range(1, epochs + 1)
    ]


def lines(axes: Axes) -> dict[str, list[tuple[float, float]]]:
    """The curves by the name that the legend gives them."""
    found = {}
    for line in axes.lines:
        points = np.column_stack([np.asarray(values, np.float64) for values in line.get_data()])
        found[str(line.get_label())] = [(float(x), float(y)) for x, y in points]
    return found


def drawn(figure: Figure) -> Image.Image:
    file = BytesIO()
    figure.savefig(file, format="png", dpi=100)
    return Image.open(file)


def test_losses_metrics_and_learning_rate_have_a_panel_each() -> None:
    run = rows(12)
    figure = curves_figure(run, METRICS, "photos, small")
    losses, metrics, rate = figure.axes
    assert set(lines(losses)) == {"training loss", "validation log loss"}
    assert list(lines(metrics)) == ["accuracy", "auc"]
    assert len(rate.lines) == 1
    assert lines(losses)["training loss"] == [(row["epoch"], row["train/loss"]) for row in run]
    assert lines(metrics)["accuracy"] == [(row["epoch"], row["val/accuracy"]) for row in run]
    assert [point[1] for point in next(iter(lines(rate).values()))] == [row["lr"] for row in run]
    assert figure.get_suptitle() == "photos, small"
    assert [axes.get_legend() is None for axes in figure.axes] == [False, False, True]
    assert [axes.get_xlabel() for axes in figure.axes] == ["", "", "epoch"]
    assert drawn(figure).size == (800, 820)


def test_the_best_epoch_is_marked_in_every_panel() -> None:
    for axes in curves_figure(rows(12), METRICS, "photos", best_epoch=9).axes:
        assert [x for x, _ in lines(axes)["best epoch: 9"]] == [9, 9]
    for axes in curves_figure(rows(12), METRICS, "photos").axes:
        assert not any("best" in name for name in lines(axes))


def test_the_metrics_asked_for_are_drawn_in_their_order() -> None:
    figure = curves_figure(rows(5), [Metric(name) for name in ("auc", "accuracy", "f1")], "photos")
    assert list(lines(figure.axes[1])) == ["auc", "accuracy"]


def test_metrics_of_other_ranges_have_an_axis_for_each_unit() -> None:
    run = [{**row, "val/offset_px": 3.0, "val/log_loss_ratio": 2.0} for row in rows(5)]
    offset = Metric("offset_px", "lower", perfect=0.0, span=30.0, unit="px", share=False)
    ratio = Metric("log_loss_ratio", "lower", perfect=0.0, share=False)
    figure = curves_figure(run, (*METRICS, ERROR, ratio, offset), "photos")
    assert [axes.get_ylabel() for axes in figure.axes] == [
        *("loss", "validation metrics", "validation, px", "validation log loss ratio", "learning rate")
    ]
    assert [list(lines(axes)) for axes in figure.axes[1:4]] == [
        ["accuracy", "auc"],
        ["error px", "offset px"],
        ["log loss ratio"],
    ]
    assert lines(figure.axes[2])["error px"] == [(row["epoch"], row["val/error_px"]) for row in run]


def test_parts_of_the_loss_have_an_axis_of_their_own() -> None:
    run = [{**row, "train/loss/box": 1.0, "train/loss/left/right": 0.5} for row in rows(5)]
    figure = curves_figure(run, METRICS, "photos")
    assert [axes.get_ylabel() for axes in figure.axes][:2] == ["loss", "parts of the loss"]
    assert list(lines(figure.axes[0])) == ["training loss", "validation log loss"]
    assert list(lines(figure.axes[1])) == ["box", "left/right"]


def test_a_loss_that_is_drawn_as_a_metric_is_drawn_once() -> None:
    loss = Metric("log_loss", "lower", perfect=0.0, share=False)
    figure = curves_figure(rows(5), (*METRICS, loss), "photos")
    assert list(lines(figure.axes[0])) == ["training loss"]
    assert figure.axes[2].get_ylabel() == "validation log loss"


def test_what_is_missing_or_not_finite_leaves_out_its_epochs_only() -> None:
    run = rows(5)
    del run[1]["val/auc"]
    run[3]["val/auc"] = math.nan
    run[0]["train/loss"] = math.inf
    losses, metrics, _ = curves_figure(run, METRICS, "photos").axes
    assert [x for x, _ in lines(metrics)["auc"]] == [1, 3, 5]
    assert [x for x, _ in lines(losses)["training loss"]] == [2, 3, 4, 5]


def test_panels_without_anything_to_draw_are_left_out() -> None:
    run = [{"epoch": row["epoch"], "lr": row["lr"], "train/loss": row["train/loss"]} for row in rows(4)]
    assert [axes.get_ylabel() for axes in curves_figure(run, METRICS, "photos").axes] == ["loss", "learning rate"]


def test_one_epoch_is_drawn_as_points_at_a_whole_number() -> None:
    figure = curves_figure(rows(1), METRICS, "photos", best_epoch=1)
    drawn(figure)
    assert figure.axes[0].lines[0].get_marker() == "o"
    ticks = figure.axes[-1].get_xticks()
    low, high = figure.axes[-1].get_xlim()
    assert [tick for tick in ticks if low <= tick <= high] == [1]


@pytest.mark.parametrize("epochs", [1, 2, 7, 300])
def test_nothing_is_cut_off(epochs: int) -> None:
    figure = curves_figure(rows(epochs), METRICS, "a name that is no formula: $\\frac{$", best_epoch=1)
    drawn(figure)
    for axes in figure.axes:
        parts = [axes.yaxis.label, *axes.get_yticklabels()]
        legend = axes.get_legend()
        for box in [part.get_window_extent() for part in (*parts, legend) if part is not None]:
            assert min(box.x0, box.y0) >= 0
            assert box.x1 <= figure.bbox.x1


def test_no_epoch_is_refused() -> None:
    with pytest.raises(ValueError, match="no epoch has ended"):
        curves_figure([], METRICS, "photos")
