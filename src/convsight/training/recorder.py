"""Everything said to the user is kept in the run's log too, what was said before there was a run included."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import final

from convsight.progress import Listener, Status
from convsight.run import Run


@final
class Recorder(Listener):
    """Passes everything on to `listener`, and what is said to the log of a run."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._run: Run | None = None
        self._before: list[str] = []

    def record_in(self, run: Run) -> None:
        """Log to `run` from now on, beginning with what was said so far."""
        self._run = run
        for text in self._before:
            run.log(text)

    def say(self, text: str) -> None:
        self._listener.say(text)
        if self._run:
            self._run.log(text)
        else:
            self._before.append(text)

    def epoch(self, number: int, text: str) -> None:
        self._listener.epoch(number, text)
        if self._run:
            self._run.log(text)

    def counting(self, what: str, total: int | None) -> AbstractContextManager[Callable[[int], None]]:
        return self._listener.counting(what, total)

    def training(self) -> AbstractContextManager[Callable[[Status], None]]:
        return self._listener.training()
