"""Listeners that stop a training, as a user does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import final

from tests.training.heard import Heard

from convsight.progress import Status


@final
class PressesCtrlC(Heard):
    """Interrupts the training in the middle of an epoch, or while something is counted; epoch 0 never comes."""

    def __init__(self, epoch: int, while_counting: str = "") -> None:
        super().__init__()
        self.stopped_at = epoch
        self.while_counting = while_counting

    @contextmanager
    def counting(self, what: str, total: int | None) -> Iterator[Callable[[int], None]]:
        if what == self.while_counting:
            raise KeyboardInterrupt
        yield lambda done: None

    @contextmanager
    def training(self) -> Iterator[Callable[[Status], None]]:
        yield self.interrupt

    def interrupt(self, status: Status) -> None:
        if status.epoch == self.stopped_at:
            raise KeyboardInterrupt


@final
class StopsAfterSteps(Heard):
    """Interrupts the training after so many of this call's steps; what is said is kept."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.left = steps

    @contextmanager
    def training(self) -> Iterator[Callable[[Status], None]]:
        yield self.count

    def count(self, status: Status) -> None:
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt
