"""`WorkerThreads`: threads that take what waits until they are closed."""

from collections.abc import Callable
from threading import Condition, Thread


class WorkerThreads:
    """`count` threads that do `run`, which ends once `is_closed`.

    `changed` guards what they share, and wakes them when there is more.
    """

    def __init__(self, name: str, count: int, run: Callable[[], object]) -> None:
        self.changed = Condition()
        self.is_closed = False
        self._threads = [Thread(target=run, name=f"{name}-{n}", daemon=True) for n in range(count)]

    def start(self) -> None:
        """Begin, when all is there that `run` needs."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End the threads after what they are at; blocks until they have ended."""
        with self.changed:
            self.is_closed = True
            self.changed.notify_all()
        for thread in self._threads:
            thread.join()
