"""Telling the user how long work goes on: bars on a terminal, plain lines elsewhere, always on standard error."""

import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from convsight.words import visible


@dataclass(frozen=True)
class Status:
    """Where a training is: `progress` in 0..1, `metric` the last validation in words."""

    epoch: int
    progress: float
    loss: float
    images_per_s: float
    seconds_left: float
    metric: str


class Listener(ABC):
    """Is told what happens during long work."""

    @abstractmethod
    def say(self, text: str) -> None:
        """Something the user should read."""

    @abstractmethod
    def epoch(self, number: int, text: str) -> None:
        """What came of the epoch of that number, in one line, which the next one may take the place of."""

    @abstractmethod
    def counting(self, what: str, total: int | None) -> AbstractContextManager[Callable[[int], None]]:
        """A context in which `total` things (None: unknown) are done; it yields a function told how many more are."""

    @abstractmethod
    def training(self) -> AbstractContextManager[Callable[[Status], None]]:
        """A context in which a network is trained; it yields a function told the status after each step."""


@final
class Silent(Listener):
    """Says nothing."""

    def say(self, text: str) -> None:
        pass

    def epoch(self, number: int, text: str) -> None:
        pass

    @contextmanager
    def counting(self, what: str, total: int | None) -> Iterator[Callable[[int], None]]:
        yield lambda done: None

    @contextmanager
    def training(self) -> Iterator[Callable[[Status], None]]:
        yield lambda status: None


@final
class _Speed(ProgressColumn):
    """How many are done a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")


# Of the epochs before, so many are told where no line can take the place of another: 1 to 5, 10, 20, ... 100, 200, ...
_FIRST = 5
_QUIET_S = 300.0  # after so long without a line the next epoch is told whatever its number


def counting_beside_output(
    listener: Listener, what: str, total: int | None = None
) -> AbstractContextManager[Callable[[int], None]]:
    """`listener.counting`, but on the terminal that output is printed to, where a bar would only be in its way."""
    return nullcontext(lambda done: None) if sys.stdout.isatty() else listener.counting(what, total)


def is_told(number: int) -> bool:
    """Whether the epoch of that number is one of the few that are told of many.

    >>> [number for number in range(1, 1000) if is_told(number)]
    [1, 2, 3, 4, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 200, 300, 400, 500, 600, 700, 800, 900]
    """
    return number <= _FIRST or (number > 9 and number % 10 ** (len(str(number)) - 1) == 0)


@final
class Terminal(Listener):
    """Bars where standard error is a terminal; elsewhere only what is said, a line each.

    Of the lines of epochs a terminal keeps the last, since the bar tells them as they come, and a file few; with
    `every_epoch` all are kept. A run's log has them in any case.
    """

    def __init__(self, every_epoch: bool = False) -> None:
        self._console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        self._every_epoch = every_epoch
        self._untold = ""  # the last epoch, where it was not told
        self._told_at = time.monotonic()

    def say(self, text: str) -> None:
        self._console.print(visible(text, keep="\n\t"), soft_wrap=not self._console.is_terminal)

    def epoch(self, number: int, text: str) -> None:
        few = not self._console.is_terminal and (is_told(number) or time.monotonic() - self._told_at > _QUIET_S)
        self._untold = "" if few or self._every_epoch else text
        if not self._untold:
            self._told_at = time.monotonic()
            self.say(text)

    @contextmanager
    def counting(self, what: str, total: int | None) -> Iterator[Callable[[int], None]]:
        with self._bar(MofNCompleteColumn(), _Speed(), TimeRemainingColumn()) as bar:
            task = bar.add_task(what, total=total)
            yield lambda done: bar.advance(task, done)

    @contextmanager
    def training(self) -> Iterator[Callable[[Status], None]]:
        try:
            with self._training_bar() as show:
                yield show
        finally:
            if self._untold:
                self.say(self._untold)
            self._untold = ""

    @contextmanager
    def _training_bar(self) -> Iterator[Callable[[Status], None]]:
        columns = TextColumn("{task.fields[numbers]}", markup=False)
        with self._bar(columns) as bar:
            task = bar.add_task("training", total=1.0, numbers="")

            def show(status: Status) -> None:
                bar.update(
                    task,
                    completed=status.progress,
                    description=f"epoch {status.epoch}",
                    numbers=f"loss {status.loss:.3f}  {status.metric}  {status.images_per_s:,.0f} images/s  "
                    f"{clock(status.seconds_left)} left",
                )

            yield show

    def _bar(self, *columns: object) -> Progress:
        # Transient: what stays on the screen are the lines that were said.
        return Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            *columns,  # type: ignore[arg-type]
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )


def clock(seconds: float) -> str:
    """Minutes and seconds, such as 2:05."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    return f"{minutes}:{rest:02d}"
