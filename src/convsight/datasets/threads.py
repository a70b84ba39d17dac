"""Work on many items in threads, a bounded number of them at a time."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Done = TypeVar("Done")

_AHEAD = 4  # items in flight per thread: enough that none waits, few enough to stop at once


def map_in_threads(function: Callable[[Item], Done], items: Iterable[Item], workers: int) -> Iterator[Done]:
    """`function` of each item, in the order of the items; with 0 workers in the calling thread.

    Unlike `Executor.map`, items are taken up only shortly before their turn, so there may be millions.

    >>> list(map_in_threads(str, [1, 2, 3], workers=2))
    ['1', '2', '3']
    """
    if workers == 0:
        yield from map(function, items)
        return
    waiting: deque[Future[Done]] = deque()
    source = iter(items)
    with ThreadPoolExecutor(workers, thread_name_prefix="datasets") as pool:
        try:
            waiting.extend(pool.submit(function, item) for item in islice(source, _AHEAD * workers))
            while waiting:
                yield waiting.popleft().result()
                waiting.extend(pool.submit(function, item) for item in islice(source, 1))
        finally:
            for future in waiting:
                future.cancel()
