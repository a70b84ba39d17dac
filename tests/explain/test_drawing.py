"""What a drawn map shows: where it is large, its scale, and what was not seen."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from convsight.explain.drawing import draw_map, draw_sheet, levels_of, map_image, panel

# A grey picture under a map whose right half is of the highest level.
HALF = np.tile(np.repeat([0.0, 2.0], 20), (30, 1))


def drawn(values: NDArray[np.float64], signed: bool = False, grey: int = 100) -> NDArray[np.int64]:
    """The drawing over a picture of one grey, without the caption, enlarged five times."""
    image = Image.new("RGB", values.shape[::-1], (grey,) * 3)
    found = np.asarray(draw_map(image, values, signed, float(np.nanmax(np.abs(values))), ["saliency: cat"]), np.int64)
    top = next(row for row in range(len(found)) if not (found[row] == 48).all(axis=1).any())  # below the dark bar
    return found[top : top + 5 * len(values)]


def test_colours_stand_where_the_map_is_large_and_the_picture_where_it_is_not() -> None:
    found = drawn(HALF)
    assert (found[:, :95] == 100).all()
    red, green, blue = found[75, 150]
    assert red > 180
    assert green > 180
    assert blue < 80  # yellow, the end of the scale


def test_what_speaks_against_has_another_colour() -> None:
    found = drawn(HALF - 1, signed=True)
    against, for_it = found[75, 50], found[75, 150]
    assert against[2] > against[0] + 60  # blue
    assert for_it[0] > for_it[2] + 60  # red
    assert (drawn(np.zeros((30, 40)), signed=True) == 100).all()  # nothing


def luminance(colour: NDArray[np.int64]) -> float:
    return float(colour @ [0.2126, 0.7152, 0.0722])


def test_the_scale_rises_in_lightness_for_those_who_tell_no_hues_apart() -> None:
    shown = np.asarray(map_image(np.linspace(0, 1, 255)[None], signed=False, end=1.0).convert("RGB"), np.int64)[0]
    assert (np.diff([luminance(colour) for colour in shown[::16]]) > 0).all()


def test_what_was_not_seen_is_dark_and_hatched_and_transparent_alone() -> None:
    values = HALF.copy()
    values[:, :10] = np.nan
    found = drawn(values)
    unseen, seen = found[:, :50], found[:, 50:95]
    assert (seen == 100).all()
    assert set(np.unique(unseen)) == {33, 150}
    assert 0.05 < (unseen == 150).mean() < 0.4
    alone = np.asarray(map_image(values, signed=False, end=2.0).convert("RGBA"))
    np.testing.assert_array_equal(alone[:, :, 3], np.where(np.isnan(values), 0, 255))
    np.testing.assert_array_equal(
        np.asarray(map_image(values, signed=False, end=2.0)), levels_of(values, signed=False, end=2.0)
    )


def test_words_say_what_was_not_seen_and_that_a_map_is_flat() -> None:
    image = Image.new("RGB", (400, 300))
    plain = draw_map(image, np.ones((300, 400)), False, 1.0, ["saliency: cat"])
    values = np.ones((300, 400))
    values[0] = np.nan
    told = [draw_map(image, each, False, 1.0, ["saliency: cat"]) for each in (values, np.zeros((300, 400)))]
    caption = np.asarray(plain)[:20, 150:]
    for each in told:
        assert (np.asarray(each)[:20, 150:] > 200).sum() > (caption > 200).sum()  # more white letters


@pytest.mark.parametrize("size", [(28, 28), (1, 1), (30, 2000), (2000, 30), (6000, 4000)])
def test_every_size_has_room_for_its_scale(size: tuple[int, int]) -> None:
    values = np.zeros(size[::-1])
    values[size[1] // 2, size[0] // 2] = 0.123
    found = draw_map(Image.new("RGB", size), values, False, 0.123, ["occlusion: cat", "probability 0.93"])
    assert found.width >= 200
    assert max(found.size) <= 2048 + 400
    last = np.asarray(found)[-30:]
    assert (last > 200).any()  # the numbers
    bar = np.asarray(found)[-(found.height // 3) :]
    assert ((bar[:, :, 0] > 150) & (bar[:, :, 2] < 120)).any()  # yellow, the end of the bar


def test_an_empty_row_of_pixels_is_no_nan() -> None:
    assert levels_of(np.full((2, 2), np.nan), signed=True, end=0.0).tolist() == [[0, 0], [0, 0]]
    assert levels_of(np.zeros((1, 2)), signed=False, end=0.0).tolist() == [[1, 1]]


def test_a_sheet_has_all_panels_four_a_row() -> None:
    colours = [(250, 0, 0), (0, 250, 0), (0, 0, 250), (250, 250, 0), (0, 250, 250)]
    panels = [panel(Image.new("RGB", (300, 200), colour), ["a name"]) for colour in colours]
    found = np.asarray(draw_sheet(panels)).reshape(-1, 3)
    for colour in colours:
        assert (found == colour).all(axis=1).sum() == 300 * 200
    assert draw_sheet(panels).width == draw_sheet(panels[:4]).width > 4 * 300
    assert draw_sheet(panels[:1]).width < 330
