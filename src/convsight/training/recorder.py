"""Everything said to the user is kept in the run's log too, what was said before there was a run included."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import final

from convsight.errors import UserError
from convsight.progress import Listener, Status
from convsight.run import Run


@final
class Recorder(Listener):
    """Passes everything on to `listener`, and what is said to the log of a run."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._run: Run | None = None
        self._before: list[str] = []
        self._is_told = False

    def record_in(self, run: Run) -> None:
        """Log to `run` from now on, beginning with what was said so far."""
        self._run = run
        for text in self._before:
            self._log(text)

    def say(self, text: str) -> None:
        self._listener.say(text)
        if self._run:
            self._log(text)
        else:
            self._before.append(text)

    def epoch(self, number: int, text: str) -> None:
        self._listener.epoch(number, text)
        self._log(text)

    def counting(self, what: str, total: int | None) -> AbstractContextManager[Callable[[int], None]]:
        return self._listener.counting(what, total)

    def training(self) -> AbstractContextManager[Callable[[Status], None]]:
        return self._listener.training()

    def _log(self, text: str) -> None:
        """Add to the log. One that cannot be written, as on a full disk, is told once and ends no training."""
        try:
            if self._run:
                self._run.log(text)
        except UserError as error:
            if not self._is_told:
                self._is_told = True
                self._listener.say(f"note: {error}; what is said is not kept there for now")
