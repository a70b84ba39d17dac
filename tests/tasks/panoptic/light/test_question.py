"""Segments that are asked about: arrays of a network drawn by hand, with two things side by side on two regions."""

import numpy as np
import pytest
from numpy.typing import NDArray

from convsight.card import Card
from convsight.inputs import ImageInput
from convsight.targets import Palette
from convsight.tasks import reader_of
from convsight.tasks.mask_question import MaskQuestion
from convsight.tasks.question import explainable

CARD = Card(
    task="panoptic",
    net="panoptic-unet",
    target=Palette.of(("sky", "road", "car")).model_copy(update={"things": ("car",)}),
    input=ImageInput(height=16, width=32, fit="squash", mean=(0.5,) * 3, std=(0.25,) * 3),
    options={"least_stuff": 0.0},
)


def arrays(*, cars: int = 2, sure: tuple[float, float] = (0.9, 0.6)) -> dict[str, NDArray[np.float32]]:
    """Sky over road, and on the road cars of 4 x 6 px, whose centres are as sure as told."""
    classes, heat = np.zeros((16, 32), np.int64), np.zeros((16, 32), np.float32)
    offsets = np.zeros((2, 16, 32), np.float32)
    classes[6:] = 1
    for left, score in list(zip((2, 22), sure, strict=True))[:cars]:
        part = np.s_[10:14, left : left + 6]
        classes[part], heat[11, left + 3] = 2, score
        rows, columns = np.mgrid[part]
        offsets[0][part], offsets[1][part] = (left + 3 - columns) / 32, (11 - rows) / 16
    probabilities = np.where(np.arange(3)[:, None, None] == classes, 0.8, 0.1).astype(np.float32)
    return {"probabilities": probabilities, "centres": heat, "offsets": offsets}


def asked(wanted: str | None, given: dict[str, NDArray[np.float32]]) -> MaskQuestion:
    found = explainable(reader_of(CARD)).question(given, (32, 16), wanted)
    assert isinstance(found, MaskQuestion)
    return found


def test_numbers_are_those_of_the_largest_first_and_the_surest_thing_is_usual() -> None:
    given = arrays()
    assert [asked(f"#{number}", given).words for number in (1, 2, 3, 4)] == ["road #1", "sky #2", "car #3", "car #4"]
    assert asked(None, given).words == asked("car", given).words
    assert asked(None, given).score({name: values[None] for name, values in given.items()}) == pytest.approx(
        0.72, abs=1e-3
    )


def test_where_there_is_no_thing_the_surest_region_is_usual() -> None:
    assert asked(None, arrays(cars=0)).words in {"road #1", "sky #2"}


def test_the_asked_car_scores_by_its_centre_and_nothing_where_it_is_gone() -> None:
    left = asked(None, arrays())
    assert left.region[:, :16].any()
    assert not left.region[:, 16:].any()
    less, gone = arrays(sure=(0.5, 0.6)), arrays(cars=0)
    for given, expected in ((less, 0.4), (gone, 0.0)):
        assert left.score({name: values[None] for name, values in given.items()}) == pytest.approx(expected, abs=1e-3)
