"""The bubble chart of a comparison."""

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from convsight.figures.bubble_chart import Bubble, bubbles_figure

NETS = [
    Bubble("small", 5_000_000, 300_000_000, 0.70),
    Bubble("large", 20_000_000, 4_100_000_000, 0.76),
    Bubble("unpublished", 10_000_000, 1_000_000_000, None),
]


def bubbles(figure: Figure) -> list[PathCollection]:
    """Those of networks, not of the legend."""
    drawn = [found for found in figure.axes[0].collections if isinstance(found, PathCollection)]
    return [found for found in drawn if len(np.asarray(found.get_offsets()))]


def test_a_bubble_stands_at_its_cost_and_accuracy() -> None:
    places = [np.asarray(found.get_offsets())[0] for found in bubbles(bubbles_figure(NETS))]
    np.testing.assert_allclose(places, [(0.3, 70), (4.1, 76)])


def test_areas_are_parameters() -> None:
    small, large = (float(found.get_sizes()[0]) for found in bubbles(bubbles_figure(NETS)))
    assert large / small == pytest.approx(20 / 5)


def test_networks_without_an_accuracy_are_named_above() -> None:
    assert bubbles_figure(NETS).axes[0].get_title() == "no published accuracy: unpublished"
    assert bubbles_figure(NETS[:2]).axes[0].get_title() == ""


def test_names_do_not_hide_one_another() -> None:
    twins = [Bubble("one", 5_000_000, 300_000_000, 0.7), Bubble("two", 5_000_000, 300_000_000, 0.7)]
    one, two = bubbles_figure(twins).axes[0].texts
    assert (one.get_text(), two.get_text()) == ("one", "two")
    assert one.get_position() != two.get_position()
