"""A listener that keeps what it is told."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from convsight.progress import Listener, Status


class Heard(Listener):
    """`counted` holds what was done of how many, each time that some were."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.counted: list[tuple[str, int | None, int]] = []
        self.shown: list[Status] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    def epoch(self, number: int, text: str) -> None:
        self.said.append(text)

    @contextmanager
    def counting(self, what: str, total: int | None) -> Iterator[Callable[[int], None]]:
        yield lambda done: self.counted.append((what, total, done))

    @contextmanager
    def training(self) -> Iterator[Callable[[Status], None]]:
        yield self.shown.append

    def steps(self) -> list[int]:
        """How many were done each time."""
        return [done for _, _, done in self.counted]
