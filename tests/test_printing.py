"""What stands in tables and lines: names as they are, and intervals only where they say something."""

import io
from contextlib import redirect_stderr

import pytest

from convsight.metrics import Measured, Metric
from convsight.printing import metrics_json, print_metrics
from convsight.progress import Status, Terminal

NAMES = ["[unknown]", "a[/b]", "[red]", ":cat:", "back\\slash\\[x]"]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_classes_and_titles_stand_in_tables_as_they_are(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    score = Measured(0.5, 0.4, 0.6)
    print_metrics(f"runs/{name} after 3 s", {"test/accuracy": score, f"test/recall/{name}": score}, {})
    title, *_, row, _ = capsys.readouterr().out.splitlines()
    assert title.rstrip() == f"runs/{name} after 3 s"
    assert f" test: {name} " in row


def test_an_interval_without_width_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    print_metrics("run", {"test/AP": Measured(0.5, 0.4, 0.6), "test/errors": Measured(0.25, 0.25, 0.25)}, {})
    *_, wide, none, _ = capsys.readouterr().out.splitlines()
    assert "0.4000 .. 0.6000" in wide
    assert "0.2500" in none
    assert ".." not in none


def test_numbers_stand_in_their_unit_with_the_digits_that_tell_something(capsys: pytest.CaptureFixture[str]) -> None:
    found = {"test/rmse": Measured(3.21234, 2.9, 3.5), "test/rmse/bend/2": Measured(41.0, 41.0, 41.0)}
    described = {"rmse": Metric("rmse", "lower", perfect=0.0, span=12.5, unit="m", share=False)}
    print_metrics("run", found, described)
    out = capsys.readouterr().out
    assert " 3.212 m " in out
    assert " 2.900 .. 3.500 " in out
    assert " test: bend/2 " in out
    assert " 41.000 m " in out
    document = metrics_json(found, described)
    assert document["test/rmse"] == {"value": 3.21234, "low": 2.9, "high": 3.5, "unit": "m"}
    assert document["test/rmse/bend/2"] == {"value": 41.0, "low": None, "high": None, "unit": "m"}
    assert metrics_json({"test/auc": Measured(0.5, 0.4, 0.6)}, {})["test/auc"]["unit"] == ""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("terminal", ["1", ""])
def test_what_is_said_and_counted_stands_as_it_is(name: str, terminal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", terminal)
    monkeypatch.setenv("COLUMNS", "120")
    err = io.StringIO()
    with redirect_stderr(err):
        listener = Terminal()
        listener.say(name)
        with listener.counting(f"reading {name}", 1) as advance:
            advance(1)
        with listener.training() as show:
            show(Status(1, 0.5, 0.1, 10, 5, f"val {name} 0.5"))
    assert err.getvalue().startswith(f"{name}\n")
    assert (f"reading {name}" in err.getvalue()) is bool(terminal)
    assert (f"val {name} 0.5" in err.getvalue()) is bool(terminal)
