"""Varied pictures are answered in batches, in order, by as many threads as the engine has streams, in flat memory."""

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import final

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.explain.subjects import Computed, subject_of

from convsight.progress import Listener, Status

PICTURE = np.zeros((32, 40, 3), np.uint8)


def first_values(pictures: NDArray[np.float64]) -> NDArray[np.float64]:
    return pictures[:, 0, 0, 0] + 256 * pictures[:, 0, 0, 1]


def numbered(count: int) -> Iterator[NDArray[np.uint8]]:
    for number in range(count):
        picture = PICTURE.copy()
        picture[0, 0, :2] = number % 256, number // 256
        yield picture


@final
class Counting(Listener):
    """Notes what is counted."""

    def __init__(self) -> None:
        self.counted: list[tuple[str, int | None, int]] = []

    def say(self, text: str) -> None:
        raise AssertionError(text)

    def epoch(self, number: int, text: str) -> None:
        raise AssertionError(text)

    @contextmanager
    def counting(self, what: str, total: int | None) -> Iterator[Callable[[int], None]]:
        done: list[int] = []
        yield done.append
        self.counted.append((what, total, sum(done)))

    @contextmanager
    def training(self) -> Iterator[Callable[[Status], None]]:
        yield lambda status: None


@pytest.mark.parametrize("streams", [1, 3])
@pytest.mark.parametrize("count", [0, 1, 700])
def test_answers_come_in_order_whatever_the_streams(streams: int, count: int) -> None:
    engine, listener = Computed(first_values, streams), Counting()
    subject = subject_of(PICTURE, engine, listener)
    assert list(subject.scores_of_many(numbered(count), count, "windows")) == list(range(count))
    assert listener.counted == [("windows", count, count)]
    assert sorted(engine.batches, reverse=True)[: count // subject.at_once] == [subject.at_once] * (
        count // subject.at_once
    )


def test_large_pictures_run_in_smaller_batches() -> None:
    at_once = [
        subject_of(np.zeros((side, side, 3), np.uint8), Computed(first_values)).at_once for side in (8, 224, 900)
    ]
    assert at_once == [64, 8, 1]


@pytest.mark.parametrize("streams", [1, 2])
def test_memory_does_not_grow_with_the_number_of_pictures(streams: int) -> None:
    subject = subject_of(np.zeros((64, 64, 3), np.uint8), Computed(first_values, streams))
    batch = subject.at_once * subject.array.nbytes
    # Batches that wait, one that is put together, and those that the network works on, here as numbers of 8 bytes.
    most = (4 * streams + 2) * batch + streams * 8 * batch
    count = 6 * most // subject.array.nbytes
    tracemalloc.start()
    try:
        for _ in subject.scores_of_many(subject.array.copy() for _ in range(count)):
            pass
        assert tracemalloc.get_traced_memory()[1] < 1.5 * most
    finally:
        tracemalloc.stop()


def test_an_error_of_the_engine_reaches_the_caller() -> None:
    def broken(pictures: NDArray[np.float64]) -> NDArray[np.float64]:
        raise MemoryError("too large")

    with pytest.raises(MemoryError, match="too large"):
        list(subject_of(PICTURE, Computed(broken, 2)).scores_of_many(numbered(100)))
