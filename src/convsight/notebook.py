"""Progress in a notebook: one place below the cell that is written anew, not a line after the other."""

import html
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, final

from convsight.metrics import Described, Measured, metric_of, whole_and_parts
from convsight.progress import Listener, Status, clock

_OFTEN_S = 0.25  # between two looks of the place, at least
_BAR = 24  # characters


def _display() -> Any:
    return sys.modules["IPython"].display


@final
class Notebook(Listener):
    """What was said, folded up, the last of the epochs, and a bar while something goes on."""

    def __init__(self) -> None:
        self._said: list[str] = []
        self._epoch = ""
        self._bar = ""
        self._shown_at = 0.0
        self._place: Any = None

    def say(self, text: str) -> None:
        self._said.append(text)
        self._show()

    def epoch(self, number: int, text: str) -> None:
        self._epoch = text
        self._show()

    @contextmanager
    def counting(self, what: str, total: int | None) -> Iterator[Callable[[int], None]]:
        done = 0

        def advance(more: int) -> None:
            nonlocal done
            done += more
            of = f" {_bar(done / total)} {done:,}/{total:,}" if total else f" {done:,}"
            self._move(what + of)

        with self._moving():
            yield advance

    @contextmanager
    def training(self) -> Iterator[Callable[[Status], None]]:
        def show(status: Status) -> None:
            left = f"{clock(status.seconds_left)} left"
            self._move(f"epoch {status.epoch} {_bar(status.progress)} loss {status.loss:.3f}  {status.metric}  {left}")

        with self._moving():
            yield show

    @contextmanager
    def _moving(self) -> Iterator[None]:
        try:
            yield
        finally:
            self._bar = ""
            self._show()

    def _move(self, bar: str) -> None:
        self._bar = bar
        if time.monotonic() - self._shown_at >= _OFTEN_S:
            self._show()

    def _show(self) -> None:
        content = _display().HTML(self.html())
        if self._place is None:
            self._place = _display().display(content, display_id=True)
        else:
            self._place.update(content)
        self._shown_at = time.monotonic()

    def html(self) -> str:
        """What the place shows now."""
        said = "".join(f"{html.escape(text)}\n" for text in self._said)
        lines = "".join(f"<div>{html.escape(line)}</div>" for line in (self._epoch, self._bar) if line)
        last = html.escape(self._said[-1].splitlines()[0]) if self._said else ""
        notes = f"<details><summary>{last}</summary><pre>{said}</pre></details>" if said else ""
        return f"{notes}{lines}"


def show_metrics(title: str, metrics: Mapping[str, Measured], described: Described) -> None:
    """One table of the metrics of all images below the cell."""
    rows = "".join(
        f"<tr><td>{html.escape(name)}</td><td>{html.escape(metric_of(described, name).text(measured.value))}</td>"
        f"<td>{html.escape(metric_of(described, name).interval(measured, ' .. '))}</td></tr>"
        for name, measured in whole_and_parts(metrics)[0].items()
    )
    head = "<tr><th>metric</th><th>value</th><th>95 % interval</th></tr>"
    _display().display(_display().HTML(f"<table><caption>{html.escape(title)}</caption>{head}{rows}</table>"))


def _bar(progress: float) -> str:
    """A bar of characters.

    >>> _bar(0.5).count("█")
    12
    """
    full = round(_BAR * min(1.0, max(0.0, progress)))
    return "█" * full + "░" * (_BAR - full)
