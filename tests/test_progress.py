"""What a user sees while something goes on: on a terminal, in a file, in a notebook."""

import io
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

import convsight
from convsight.metrics import Measured, Metric
from convsight.notebook import Notebook, show_metrics
from convsight.progress import Listener, Status, Terminal, is_told
from convsight.results.shown import in_notebook

EPOCHS = 393


def terminal(every_epoch: bool, is_terminal: bool) -> tuple[Terminal, io.StringIO]:
    found, out = Terminal(every_epoch), io.StringIO()
    found._console = Console(file=out, force_terminal=is_terminal, highlight=False, width=100)
    return found, out


def train(listener: Listener) -> None:
    """What a training of many epochs tells."""
    with listener.training() as show:
        for number in range(1, EPOCHS + 1):
            show(Status(number, number / EPOCHS, 0.5, 100.0, 3.0, "val accuracy 0.9"))
            listener.epoch(number, f"epoch {number}/{EPOCHS}")


def lines_of_epochs(out: io.StringIO) -> list[str]:
    return [line.strip() for line in out.getvalue().splitlines() if line.startswith("epoch ") and "/" in line[:12]]


def test_a_long_training_is_few_lines_in_a_file() -> None:
    listener, out = terminal(every_epoch=False, is_terminal=False)
    train(listener)
    told = lines_of_epochs(out)
    assert told == [
        f"epoch {number}/{EPOCHS}" for number in [*range(1, EPOCHS), EPOCHS] if is_told(number) or number == EPOCHS
    ]
    assert len(told) < 25


def test_on_a_terminal_the_last_one_stays() -> None:
    listener, out = terminal(every_epoch=False, is_terminal=True)
    train(listener)
    assert out.getvalue().count(f"/{EPOCHS}") == 1
    assert out.getvalue().rstrip().endswith(f"epoch {EPOCHS}/{EPOCHS}")


@pytest.mark.parametrize("is_terminal", [True, False])
def test_every_one_on_request(is_terminal: bool) -> None:
    listener, out = terminal(every_epoch=True, is_terminal=is_terminal)
    train(listener)
    assert out.getvalue().count(f"/{EPOCHS}") == EPOCHS


def test_slow_epochs_are_all_told(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("convsight.progress.time.monotonic", lambda: now)
    listener, out = terminal(every_epoch=False, is_terminal=False)
    for number in range(11, 15):
        now += 301
        listener.epoch(number, f"epoch {number}/99")
    assert len(lines_of_epochs(out)) == 4


class Shown:
    """IPython's display, as far as it is used: what every place shows now, and how often it changed."""

    def __init__(self) -> None:
        self.places: list[str] = []
        self.updates = 0

    def HTML(self, text: str) -> str:  # noqa: N802
        return text

    def display(self, content: str, display_id: bool = False) -> Any:
        self.places.append(content)
        place = len(self.places) - 1

        def update(new: str) -> None:
            self.places[place] = new
            self.updates += 1

        return SimpleNamespace(update=update)


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Shown:
    shown = Shown()
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell, display=shown))
    return shown


def test_a_notebook_has_one_place_that_is_written_anew(notebook: Shown) -> None:
    listener = Notebook()
    listener.say("digits: 10 classes\n<b>second</b>")
    with listener.counting("reading images", 10) as advance:
        advance(4)
        listener._shown_at = 0.0
        advance(1)
        assert "reading images ████████████░░░░░░░░░░░░ 5/10" in notebook.places[0]
    train(listener)
    [place] = notebook.places
    assert place.count("epoch ") == 1
    assert f"epoch {EPOCHS}/{EPOCHS}" in place
    assert "&lt;b&gt;second&lt;/b&gt;" in place
    assert "█" not in place  # nothing goes on


def test_a_notebooks_bar_moves_a_few_times_a_second(notebook: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("convsight.notebook.time.monotonic", lambda: now)
    with Notebook().counting("reading images", 1000) as advance:
        for _ in range(1000):
            now += 0.001
            advance(1)
    assert len(notebook.places) + notebook.updates <= 6


def test_a_notebook_ends_with_one_table(notebook: Shown) -> None:
    metrics = {"test/accuracy": Measured(0.9, 0.8, 0.95), "test/recall/cat": Measured(0.5, 0.4, 0.6)}
    show_metrics("runs/photos", metrics, {"accuracy": Metric("accuracy"), "recall": Metric("recall")})
    [table] = notebook.places
    for part in ("runs/photos", "test/accuracy", "0.9000", "0.8000 .. 0.9500"):
        assert part in table
    assert "recall" not in table  # of single classes


def test_who_listens(notebook: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(convsight._listener(quiet=False), Notebook)
    assert not isinstance(convsight._listener(quiet=True), Notebook)
    monkeypatch.delitem(sys.modules, "IPython")
    assert not in_notebook()
    assert isinstance(convsight._listener(quiet=False), Terminal)
