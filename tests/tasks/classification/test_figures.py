from collections.abc import Sequence
from io import BytesIO
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from PIL import Image

from convsight.results import Label
from convsight.tasks.classification.figures import confusion_figure, reliability_figure
from convsight.tasks.classification.light.metrics import ClassMetrics


def judged(classes: Sequence[str], images: int, lift: float = 5.0) -> ClassMetrics:
    generator = np.random.default_rng(0)
    metrics = ClassMetrics(tuple(classes))
    targets = np.arange(images) % len(classes)
    logits = generator.normal(size=(images, len(classes))) * 2
    logits[np.arange(images), targets] += lift
    powers = np.exp(logits)
    for target, row in zip(targets, powers / powers.sum(axis=1, keepdims=True), strict=True):
        metrics.update(Label.certain(int(target), metrics.classes), Label(metrics.classes, row))
    return metrics


def drawn(figure: Figure) -> Image.Image:
    file = BytesIO()
    figure.savefig(file, format="png", dpi=100)
    return Image.open(file)


def bars(axes: Axes) -> list[Rectangle]:
    return [patch for patch in axes.patches if isinstance(patch, Rectangle)]


def overlaps(texts: Sequence[Text]) -> bool:
    boxes = [text.get_window_extent() for text in texts]
    return any(a.overlaps(b) for a, b in pairwise(boxes))


@pytest.mark.parametrize(
    "count", [2, 20, 60, *(pytest.param(count, marks=pytest.mark.slow) for count in (10, 200, 700))]
)
def test_class_names_are_readable_whatever_their_number(count: int) -> None:
    metrics = judged([f"class {index} of many, with a long name" for index in range(count)], 2 * count)
    figure = confusion_figure(metrics)
    width, height = drawn(figure).size
    assert max(width, height) < 3000
    axes = figure.axes[0]
    for labels in (axes.get_xticklabels(), axes.get_yticklabels()):
        assert not overlaps(labels)
        assert labels[0].get_text() == "class 0 of many, with a…"
        assert len(labels) == (count if count <= 200 else 175)
        for label in labels:
            box = label.get_window_extent()
            assert min(box.x0, box.y0) >= 0
            assert box.x1 <= figure.bbox.x1
            assert box.y1 <= figure.bbox.y1


def test_the_cells_show_counts_and_are_as_dark_as_their_share_of_the_row() -> None:
    metrics = judged(["cat", "dog", "newt"], 300, lift=2.0)
    counts = metrics.confusion()
    axes = confusion_figure(metrics).axes[0]
    assert [int(text.get_text()) for text in axes.texts] == counts.ravel().tolist()
    for text, (row, column) in zip(axes.texts, np.ndindex(3, 3), strict=True):
        assert text.get_position() == (column, row)
    shares = axes.images[0].get_array()
    assert shares is not None
    np.testing.assert_allclose(shares, counts / 100)
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("target", "prediction")
    assert "300 images" in axes.get_title()


def test_large_counts_fit_into_their_cells() -> None:
    metrics = judged([str(index) for index in range(20)], 20)
    first, second = (Label.certain(index, metrics.classes) for index in range(2))
    for _ in range(10_000):
        metrics.update(first, first)
        metrics.update(first, second)
    figure = confusion_figure(metrics)
    drawn(figure)
    assert len(figure.axes[0].texts[1].get_text()) == 5
    assert not overlaps(figure.axes[0].texts)


def test_more_than_twenty_classes_have_no_counts() -> None:
    assert not confusion_figure(judged([str(index) for index in range(21)], 42)).axes[0].texts


def test_a_class_that_never_occurs_has_an_empty_row() -> None:
    metrics = ClassMetrics(("cat", "dog"))
    metrics.update(Label.certain(0, metrics.classes), Label.certain(1, metrics.classes))
    shares = confusion_figure(metrics).axes[0].images[0].get_array()
    assert shares is not None
    assert shares.tolist() == [[0, 1], [0, 0]]


def test_a_dollar_sign_in_a_class_name_is_no_formula() -> None:
    figure = confusion_figure(judged(["$5", "$\\frac{$"], 10))
    drawn(figure)
    assert figure.axes[0].get_xticklabels()[0].get_text() == "$5"


def test_the_bars_of_the_calibration_diagram_are_the_bins() -> None:
    metrics = judged(["a", "b", "c"], 500, lift=1.0)
    bins = metrics.reliability()
    figure = reliability_figure(metrics)
    upper, lower = figure.axes
    full = bins.counts > 0
    assert [bar.get_height() for bar in bars(upper)] == pytest.approx(bins.accuracy[full].tolist())
    assert [bar.get_x() for bar in bars(upper)] == pytest.approx(bins.edges[:-1][full].tolist(), abs=1e-12)
    assert [bar.get_height() for bar in bars(lower)] == pytest.approx((bins.counts / 500).tolist())
    title = figure.get_suptitle()
    assert f"{metrics.compute(intervals=False)['calibration_error'].value:.3f}" in title
    assert "500 images" in title
    assert drawn(figure).size == (520, 640)


def test_figures_leave_nothing_behind() -> None:
    from matplotlib import pyplot

    metrics = judged(["a", "b"], 10)
    drawn(confusion_figure(metrics))
    drawn(reliability_figure(metrics))
    assert pyplot.get_fignums() == []
