"""Work on many items in threads, a bounded number of them at a time."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Done = TypeVar("Done")

_here = threading.local()  # what is known of a thread
_AHEAD = 4  # items in flight per thread: enough that none waits, few enough to stop at once


def map_in_threads(function: Callable[[Item], Done], items: Iterable[Item], workers: int) -> Iterator[Done]:
    """`function` of each item, in the order of the items; with 0 workers in the calling thread.

    Unlike `Executor.map`, items are taken up only shortly before their turn, so there may be millions. Called by work
    that is itself done in such threads, it does its part in the thread it is called in, so that there is one pool.

    >>> list(map_in_threads(str, [1, 2, 3], workers=2))
    ['1', '2', '3']
    """
    if workers == 0 or getattr(_here, "is_worker", False):
        yield from map(function, items)
        return
    waiting: deque[Future[Done]] = deque()
    source = iter(items)
    with ThreadPoolExecutor(workers, thread_name_prefix="datasets", initializer=_begin) as pool:
        try:
            waiting.extend(pool.submit(function, item) for item in islice(source, _AHEAD * workers))
            while waiting:
                yield waiting.popleft().result()
                waiting.extend(pool.submit(function, item) for item in islice(source, 1))
        finally:
            for future in waiting:
                future.cancel()


def _begin() -> None:
    _here.is_worker = True
