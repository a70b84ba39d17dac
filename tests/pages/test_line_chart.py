"""Charts of lines, read back from their SVG."""

import math
from xml.etree import ElementTree

import pytest

from convsight.pages.line_chart import Line, line_chart, ticks

ROWS = Line("loss <b>", [(1, 4.0), (2, 2.0), (3, math.nan), (4, 0.0)])


def test_points_lie_where_their_values_are() -> None:
    drawn = ElementTree.fromstring(line_chart("a", [ROWS], "epoch"))
    (path,) = [each.get("points") for each in drawn.iter("polyline")]
    points = [tuple(map(float, each.split(","))) for each in str(path).split()]
    assert len(points) == 3  # what is not finite is left out
    (x1, y1), (x2, y2), (x4, y4) = points
    assert x4 - x1 == pytest.approx(3 * (x2 - x1), abs=0.2)
    assert (y4 - y1) == pytest.approx(2 * (y2 - y1), abs=0.2)
    assert y1 < y2 < y4  # more is higher on the page


def test_its_words_say_what_it_shows_as_text() -> None:
    found = line_chart("a", [ROWS, Line("other", [(1, 1.0), (2, 3.0)])], "epoch", mark=(2, "best epoch: 2"))
    drawn = ElementTree.fromstring(found)
    (words,) = [each.get("aria-label") for each in drawn.iter("svg") if each.get("role") == "img"]
    assert words == "a over epoch: loss <b> from 4 to 0; other from 1 to 3"
    assert [item.find("svg") is not None for item in drawn.iter("li")] == [True] * 3
    kinds = [str(each.get("class")) for each in drawn.iter("polyline")]
    assert len(set(kinds)) == 2  # dashes tell them apart, not the colour alone


def test_numbers_at_the_left_have_room() -> None:
    """Seven characters of 11 px are at most 48 px wide, in fonts of any width that pages are shown in."""
    drawn = ElementTree.fromstring(line_chart("a", [Line("rate", [(1, 0.00073)])], "epoch"))
    ends = [
        (float(str(each.get("x"))), each.text or "") for each in drawn.iter("text") if each.get("text-anchor") == "end"
    ]
    assert max(len(text) for _, text in ends) == 7
    assert all(end >= 48 for end, _ in ends)


def test_one_point_is_drawn_and_none_is_refused() -> None:
    assert "<circle" in line_chart("a", [Line("b", [(1, 2.0)])], "epoch")
    with pytest.raises(ValueError, match="nothing to draw"):
        line_chart("a", [Line("b", [(1, math.inf)])], "epoch")


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-3.2, 81.0), (0.0123, 0.0124), (1e-9, 2e-9), (5.0, 5.0001)])
def test_ticks_are_round_few_and_within(low: float, high: float) -> None:
    found = ticks(low, high)
    assert 3 <= len(found) <= 8
    assert all(low - 1e-9 * abs(low) <= value <= high + 1e-9 * abs(high) for value in found)


def test_epochs_have_whole_ticks() -> None:
    assert ticks(0.98, 1.02, whole=True) == [1]
    assert all(float(value).is_integer() for value in ticks(1, 7.3, whole=True))
