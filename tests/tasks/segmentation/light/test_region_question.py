"""The class that is asked about where every pixel has one, and how probable it is there."""

import numpy as np
import pytest
from numpy.typing import NDArray

from convsight.errors import UserError
from convsight.inputs import ImageInput
from convsight.tasks.question import NothingThereError
from convsight.tasks.segmentation.light.region_question import RegionQuestion, region_question

# Of 4 x 4 cells: two rows of background, one of sky, half a row of a car; the rest is unsure of both.
ANSWERED = np.array([[0, 0, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1], [2, 2, 1, 0]])
NAMES = ("background", "sky", "car")


def probabilities(answered: NDArray[np.int64] = ANSWERED, sure: float = 0.8) -> NDArray[np.float64]:
    others = (1 - sure) / 2
    return np.where(np.arange(3)[:, None, None] == answered, sure, others)


def asked(wanted: str | None, names: tuple[str, ...] = NAMES, size: tuple[int, int] = (16, 16)) -> RegionQuestion:
    spec = ImageInput(height=16, width=16, fit="pad", mean=(0.0,) * 3, std=(1.0,) * 3)
    return region_question(probabilities(), spec.geometry(size), names, wanted)


def test_the_largest_class_but_background_is_asked_about() -> None:
    assert asked(None).words == "sky"
    assert asked(None, ("road", "sky", "car")).words == "road"
    assert asked("background").words == "background"


def test_the_score_is_the_mean_probability_where_it_was_the_answer() -> None:
    question = asked("car")
    assert question.region.sum() == 2
    batch = np.stack([probabilities(), probabilities(np.zeros_like(ANSWERED)), probabilities(sure=0.6)])
    batch[2, 2, 3, 0] = 0.4
    assert question.score({"probabilities": batch}).tolist() == pytest.approx([0.8, 0.1, 0.5])


def test_what_was_not_shown_does_not_count() -> None:
    # Of a wide original the network sees two rows in the middle: one of background, one of sky.
    question = asked("sky", size=(16, 8))
    assert question.region.tolist() == [[False] * 4, [False] * 4, [True] * 4, [False] * 4]


def test_a_class_without_a_pixel_is_told_what_there_is() -> None:
    with pytest.raises(NothingThereError, match="no pixel of this picture was answered car; there are background, sky"):
        asked("car", size=(16, 8))
    with pytest.raises(UserError, match="unknown class 'cra'; did you mean car"):
        asked("cra")
