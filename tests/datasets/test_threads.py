import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convsight.datasets.threads import map_in_threads


@given(st.lists(st.integers(), max_size=40), st.integers(0, 4))
def test_the_order_is_that_of_the_items(items: list[int], workers: int) -> None:
    assert list(map_in_threads(lambda item: item * 2, items, workers)) == [item * 2 for item in items]


def test_a_slow_item_does_not_change_the_order() -> None:
    def work(item: int) -> int:
        time.sleep(0.02 if item == 0 else 0)
        return item

    assert list(map_in_threads(work, range(20), 4)) == list(range(20))


def test_items_are_taken_shortly_before_their_turn() -> None:
    taken: list[int] = []

    def endless() -> Iterator[int]:
        number = 0
        while True:
            taken.append(number)
            yield number
            number += 1

    results = map_in_threads(str, endless(), 2)
    assert [next(results) for _ in range(5)] == ["0", "1", "2", "3", "4"]
    assert len(taken) < 20
    results.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("workers", [0, 2])
def test_an_error_ends_the_work(workers: int) -> None:
    done: list[int] = []

    def work(item: int) -> int:
        if item == 3:
            raise ValueError("three")
        done.append(item)
        return item

    with pytest.raises(ValueError, match="three"):
        list(map_in_threads(work, range(1000), workers))
    assert len(done) < 50


def test_after_an_error_nothing_more_is_begun() -> None:
    begun: list[int] = []

    def work(item: int) -> None:
        begun.append(item)
        if item == 0:
            raise ValueError("zero")
        time.sleep(0.2)

    with pytest.raises(ValueError, match="zero"):
        list(map_in_threads(work, range(4), 1))
    assert len(begun) <= 2


def test_without_workers_all_happens_in_the_calling_thread() -> None:
    assert set(map_in_threads(lambda _: threading.current_thread(), range(3), 0)) == {threading.current_thread()}


def test_work_within_work_is_done_by_the_threads_there_are() -> None:
    """A loader's threads read batches, whose images are read in threads: one pool, not one in each of its threads."""
    seen: set[str] = set()

    def inner(item: int) -> int:
        seen.add(threading.current_thread().name)
        time.sleep(0.001)
        return item

    def outer(item: int) -> list[int]:
        return list(map_in_threads(inner, range(item, item + 6), 3))

    found = list(map_in_threads(outer, range(8), 2))
    assert found == [list(range(item, item + 6)) for item in range(8)]
    assert len(seen) <= 2
    seen.clear()
    assert outer(0) == list(range(6))
    assert threading.current_thread().name not in seen, "outside of such work there are threads again"
