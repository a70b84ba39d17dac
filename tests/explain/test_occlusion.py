"""Occlusion against the definition written out, and against what is known of simple functions of pictures."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.explain.subjects import Computed, subject_of

from convsight.errors import UserError
from convsight.explain.fill import stand_in
from convsight.explain.method import MethodOptions
from convsight.explain.occlusion import Occlusion, Windows

RNG = np.random.default_rng(0)
WEIGHTS = RNG.normal(size=(19, 24, 3))


def weighed(pictures: NDArray[np.float64]) -> NDArray[np.float64]:
    """A function that is not linear, so that which window hid a pixel matters."""
    found: NDArray[np.float64] = np.tanh((pictures * WEIGHTS).sum(axis=(1, 2, 3)) / 300)
    return found


def written_out(picture: NDArray[Any], fill: NDArray[Any] | float, window: int, stride: int) -> NDArray[np.float64]:
    """The definition, as captum has it: windows cut off at the edge, the mean loss of those over each pixel."""
    height, width, _ = picture.shape
    total, times = np.zeros((height, width)), np.zeros((height, width))
    plain = weighed(picture[None].astype(np.float64))[0]
    for row in range(-(-(height - window) // stride) + 1):
        for column in range(-(-(width - window) // stride) + 1):
            mask = np.zeros((height, width), bool)
            mask[row * stride : row * stride + window, column * stride : column * stride + window] = True
            hidden = np.where(mask[:, :, None], fill, picture).astype(np.float64)
            total[mask] += plain - weighed(hidden[None])[0]
            times[mask] += 1
    assert times.min() > 0
    return total / times


@pytest.mark.parametrize(("window", "stride"), [(1, 1), (5, 3), (4, 4), (19, 2), (7, 5)])
@pytest.mark.parametrize("fill", ["mean", "0", "blur"])
def test_equals_the_definition(window: int, stride: int, fill: str) -> None:
    picture = RNG.integers(0, 256, (19, 24, 3), dtype=np.uint8)
    found = Occlusion(MethodOptions(window=window, stride=stride, fill=fill)).importance(
        subject_of(picture, Computed(weighed))
    )
    assert found == pytest.approx(written_out(picture, stand_in(picture, fill), window, stride), abs=1e-12)


def test_the_streams_of_an_engine_change_no_bit() -> None:
    picture = RNG.integers(0, 256, (19, 24, 3), dtype=np.uint8)
    one, three = (
        Occlusion(MethodOptions(window=5)).importance(subject_of(picture, Computed(weighed, streams)))
        for streams in (1, 3)
    )
    assert (one == three).all()


def test_what_counts_is_found_where_it_is() -> None:
    picture = np.zeros((19, 24, 3), np.uint8)
    picture[10:14, 15:19] = 255
    bright = Computed(lambda pictures: pictures[:, 10:14, 15:19].mean(axis=(1, 2, 3)))
    found = Occlusion(MethodOptions(window=3, stride=1, fill="0")).importance(subject_of(picture, bright))
    row, column = divmod(int(found.argmax()), 24)
    assert row in {11, 12}
    assert column in {16, 17}
    assert found[:8].max() == 0


def test_its_own_windows_are_an_eighth_of_the_side_and_overlap_by_half() -> None:
    method = Occlusion(MethodOptions())
    method.importance(subject_of(np.zeros((32, 40, 3), np.uint8), Computed(lambda pictures: pictures[:, 0, 0, 0])))
    assert method.settings() == {"window": 4, "stride": 2, "fill": "mean", "computed_by": "computed in float64"}


def test_windows_cover_the_picture_and_are_cut_off_at_its_edge() -> None:
    places = list(Windows((10, 7), window=4, stride=4))
    assert [(rows.start, rows.stop) for rows, _ in places[::2]] == [(0, 4), (4, 8), (8, 10)]
    assert [(columns.start, columns.stop) for _, columns in places[:2]] == [(0, 4), (4, 7)]
    assert len(Windows((10, 7), window=4, stride=4)) == len(places) == 6
    assert len(Windows((224, 224), window=15, stride=8)) == 28 * 28


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (MethodOptions(window=20), "--window 20: the network sees 19 px"),
        (MethodOptions(window=4, stride=5), "--stride 5: more than the window of 4 px"),
    ],
)
def test_windows_that_cannot_be_are_refused(options: MethodOptions, words: str) -> None:
    with pytest.raises(UserError, match=words):
        Occlusion(options).importance(subject_of(np.zeros((19, 24, 3), np.uint8), Computed(weighed)))


@pytest.mark.parametrize("name", ["window", "stride", "samples"])
def test_numbers_below_one_are_refused(name: str) -> None:
    given: dict[str, Any] = {name: 0}
    with pytest.raises(UserError, match=f"--{name} 0: give at least 1"):
        MethodOptions(**given)
