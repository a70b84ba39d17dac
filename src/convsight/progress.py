"""Telling the user how long work goes on: bars on a terminal, plain lines elsewhere, always on standard error."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
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


@final
class Terminal(Listener):
    """Bars where standard error is a terminal; elsewhere only what is said, a line each."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, markup=False, emoji=False)

    def say(self, text: str) -> None:
        self._console.print(visible(text, keep="\n\t"), soft_wrap=not self._console.is_terminal)

    @contextmanager
    def counting(self, what: str, total: int | None) -> Iterator[Callable[[int], None]]:
        with self._bar(MofNCompleteColumn(), _Speed(), TimeRemainingColumn()) as bar:
            task = bar.add_task(what, total=total)
            yield lambda done: bar.advance(task, done)

    @contextmanager
    def training(self) -> Iterator[Callable[[Status], None]]:
        columns = TextColumn("{task.fields[numbers]}", markup=False)
        with self._bar(columns) as bar:
            task = bar.add_task("training", total=1.0, numbers="")

            def show(status: Status) -> None:
                bar.update(
                    task,
                    completed=status.progress,
                    description=f"epoch {status.epoch}",
                    numbers=f"loss {status.loss:.3f}  {status.metric}  {status.images_per_s:,.0f} images/s  "
                    f"{_clock(status.seconds_left)} left",
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


def _clock(seconds: float) -> str:
    minutes, rest = divmod(max(0, round(seconds)), 60)
    return f"{minutes}:{rest:02d}"
