"""How long steps wait: counted, on the card and in the table, and told where it is much."""

import time
from collections.abc import Iterator

import pytest

from convsight.datasets.image_store import Kept
from convsight.training.waiting import Waiting, advice_on_waiting, waited_share


def test_only_the_time_until_an_item_is_there_counts() -> None:
    def slowly() -> Iterator[int]:
        for number in range(3):
            time.sleep(0.02)
            yield number

    waiting = Waiting()
    for _ in waiting.over(slowly()):
        before = waiting.seconds
        time.sleep(0.01)
        assert waiting.seconds == before
    assert waiting.seconds >= 0.06


def test_what_is_left_early_is_closed_at_once() -> None:
    closed: list[bool] = []

    def items() -> Iterator[int]:
        try:
            yield from range(10)
        finally:
            closed.append(True)

    for _ in Waiting().over(items()):
        break
    assert closed == [True]


def test_the_first_epoch_counts_only_where_it_is_the_only_one() -> None:
    assert waited_share([]) is None
    assert waited_share([{"epoch": 0, "waited": 0.0}, {"epoch": 1, "waited": 0.4}]) == 0.4
    assert waited_share([{"epoch": 0, "waited": 0.0}, {"epoch": 1, "waited": 0.4}, {"epoch": 2, "waited": 0.1}]) == 0.1
    assert waited_share([{"epoch": 1}, {"epoch": 2, "waited": 0.1}]) == 0.1  # of a run begun before this was told


@pytest.mark.parametrize(
    ("kept", "words"), [("nowhere", "decoded in every epoch"), ("disk", "read from a disk"), ("memory", "--workers 6")]
)
def test_advice_names_what_would_help(kept: Kept, words: str) -> None:
    much, little = ([{"epoch": 1, "seconds": 60.0, "waited": share}] for share in (0.06, 0.04))
    assert words in (advice_on_waiting(much, kept, 3) or "")
    assert advice_on_waiting(little, kept, 3) is None


def test_a_training_of_a_moment_is_given_no_advice() -> None:
    """Steps on kept features wait a fifth of a hundredth of a second: no thread would help."""
    assert advice_on_waiting([{"epoch": 1, "seconds": 0.012, "waited": 0.21}], "memory", 2) is None
