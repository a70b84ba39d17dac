"""Which of the things that were found is meant, and what is said where there is none such."""

import numpy as np
import pytest

from convsight.errors import UserError
from convsight.tasks.asked_thing import Candidates, asked_thing
from convsight.tasks.question import NothingThereError


def candidates(*things: tuple[int, float], classes: tuple[str, ...] = ("cat", "dog")) -> Candidates:
    labels, scores = (np.array([thing[part] for thing in things], kind) for part, kind in ((0, np.int64), (1, float)))
    return Candidates(classes, labels, scores, np.full(len(things), 0.5))


THREE = candidates((1, 0.9), (0, 0.7), (1, 0.6), (0, 0.2))


@pytest.mark.parametrize(
    ("wanted", "place", "words"),
    [(None, 0, "dog #1"), ("#1", 0, "dog #1"), ("#3", 2, "dog #3"), ("cat", 1, "cat #2"), ("dog", 0, "dog #1")],
)
def test_numbers_count_what_is_shown_and_a_class_means_the_surest_of_it(
    wanted: str | None, place: int, words: str
) -> None:
    assert asked_thing(THREE, wanted) == (place, words)


def test_without_a_wish_the_surest_is_meant_whatever_the_order_shown() -> None:
    assert asked_thing(candidates((0, 0.6), (1, 0.8)), None) == (1, "dog #2")


def test_a_class_that_was_not_found_is_asked_about_where_it_is_surest() -> None:
    assert asked_thing(candidates((1, 0.9), (0, 0.1), (0, 0.3)), "cat") == (2, "cat, not found")


def test_a_class_called_like_a_number_is_a_class() -> None:
    assert asked_thing(candidates((1, 0.9), (0, 0.8), classes=("#1", "dog")), "#1") == (1, "#1 #2")


@pytest.mark.parametrize("wanted", ["#0", "#4", "#", "#one", "#-1", "#²"])
def test_a_number_that_nothing_has_is_told_what_was_found(wanted: str) -> None:
    with pytest.raises(UserError, match=r"found were dog, cat, dog; give #1 to #3, or a class") as told:
        asked_thing(THREE, wanted)
    # Another picture may have a fourth, and none has a thing without a number.
    assert isinstance(told.value, NothingThereError) == (wanted in {"#4"})


def test_where_nothing_was_found_the_threshold_and_the_way_out_are_told() -> None:
    nothing = candidates((0, 0.1), (1, 0.3))
    for wanted in (None, "#1"):
        with pytest.raises(NothingThereError, match=r"is a dog of 0\.30, under its threshold of 0\.50; --target dog"):
            asked_thing(nothing, wanted)
    assert asked_thing(nothing, "dog").place == 1
    with pytest.raises(NothingThereError, match="not even what the network is unsure of"):
        asked_thing(candidates(), None)


def test_a_class_that_is_nowhere_and_one_that_is_unknown_are_told_apart() -> None:
    with pytest.raises(NothingThereError, match="sees no cat in this picture, however unsure; found: dog"):
        asked_thing(candidates((1, 0.9)), "cat")
    with pytest.raises(UserError, match="unknown class 'dgo'; did you mean dog"):
        asked_thing(THREE, "dgo")
