from io import BytesIO

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from convsight.results import Boxes
from convsight.tasks.detection.figures import errors_figure, figures, precision_recall_figure
from convsight.tasks.detection.light.metrics import BoxMetrics

PLACES = [(0, 0, 10, 10), (20, 0, 30, 10), (40, 0, 50, 10), (60, 0, 70, 10)]


def judged(classes: tuple[str, ...], images: int = 40) -> BoxMetrics:
    """Four things an image, most of them found, some with the wrong class."""
    generator = np.random.default_rng(0)
    metrics = BoxMetrics(classes)
    for _ in range(images):
        labels = generator.integers(len(classes), size=4)
        predicted = np.where(generator.random(4) < 0.8, labels, generator.integers(len(classes), size=4))
        scores = np.clip(0.5 + 0.3 * (predicted == labels) + generator.normal(size=4) * 0.15, 0, 1)
        result = Boxes.of(classes, (99, 99), PLACES, predicted, scores=scores, thresholds=0.5)
        metrics.update(Boxes.of(classes, (99, 99), PLACES, labels), result)
    return metrics


def drawn(figure: Figure) -> None:
    figure.savefig(BytesIO(), format="png", dpi=100)


def named(figure: Figure) -> list[str]:
    legend = figure.axes[0].get_legend()
    return [] if legend is None else [text.get_text() for text in legend.get_texts()]


def test_every_figure_can_be_drawn() -> None:
    found = figures(judged(("cat", "dog")))
    assert list(found) == ["precision_recall", "errors"]
    for figure in found.values():
        drawn(figure)


def test_each_class_has_its_curve_and_the_mean_is_average_precision() -> None:
    metrics = judged(("cat", "dog", "hen"))
    figure = precision_recall_figure(metrics)
    found = metrics.compute(intervals=False)
    expected = [f"{found[f'AP50/{name}'].value:.2f} {name}" for name in metrics.classes]
    assert named(figure) == [*expected, f"{found['AP50'].value:.2f} mean"]
    curve = figure.axes[0].get_lines()[0]
    assert np.asarray(curve.get_ydata(), np.float64).mean() == pytest.approx(found["AP50/cat"].value)


def test_a_dot_stands_where_the_threshold_is() -> None:
    metrics = judged(("cat",))
    dot = next(line for line in precision_recall_figure(metrics).axes[0].get_lines() if line.get_marker() == "o")
    found = metrics.compute(intervals=False)
    assert dot.get_xdata() == pytest.approx([found["recall/cat"].value])
    assert dot.get_ydata() == pytest.approx([found["precision/cat"].value])


def test_many_classes_are_not_named() -> None:
    metrics = judged(tuple(f"c{index}" for index in range(30)))
    figure = precision_recall_figure(metrics)
    assert named(figure) == [f"{metrics.compute(intervals=False)['AP50'].value:.2f} mean"]
    drawn(figure)


def test_names_are_text_as_they_are() -> None:
    names = ("_hidden", "$money$", "x" * 60)
    figure = precision_recall_figure(judged(names))
    assert [text.split(" ", 1)[1] for text in named(figure)] == ["_hidden", "$money$", "x" * 23 + "…", "mean"]
    drawn(figure)


def test_errors_are_counted_on_bars() -> None:
    metrics = judged(("cat", "dog"))
    figure = errors_figure(metrics)
    bars = [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]
    assert [bar.get_width() for bar in bars] == list(metrics.errors().values())
    assert sum(bar.get_width() for bar in bars) > 0
    assert figure.axes[0].get_title() == f"{sum(metrics.errors().values())} errors by kind"


def test_images_that_show_nothing() -> None:
    metrics = BoxMetrics(("cat",))
    none = Boxes.of(("cat",), (9, 9), [], [])
    metrics.update(none, none)
    for figure in figures(metrics).values():
        drawn(figure)
    assert named(precision_recall_figure(metrics)) == []
