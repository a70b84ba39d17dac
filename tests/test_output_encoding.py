"""Names that the console's encoding lacks, and names that would control it: shown as escapes, and no traceback."""

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convsight.errors import UserError
from convsight.metrics import Measured
from convsight.output_encoding import print_whatever_is_named
from convsight.printing import csv_text, print_metrics
from convsight.progress import Terminal
from convsight.results import Label
from convsight.runtime.prediction import Prediction
from convsight.runtime.print_predictions import print_csv, print_spreadsheet, print_table

ESCAPE = "\x1b]0;title\x07"


def console(encoding: str) -> io.TextIOWrapper:
    """Standard output that is redirected, as Python opens it."""
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)


def written(stream: io.TextIOWrapper) -> bytes:
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue()


@pytest.fixture
def prediction() -> Prediction:
    return Prediction("猫.jpg", Label.certain(0, ("=犬", "cat")))


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "gbk", "utf-8"])
def test_metrics_in_any_encoding(encoding: str) -> None:
    with redirect_stdout(console(encoding)) as out:
        print_whatever_is_named()
        print_metrics("réseau", {"test/AP": Measured(0.5, 0.4, 0.6), "test/recall/Ȁ猫": Measured(0.5, 0.4, 0.6)}, {})
    assert ("Ȁ猫" if encoding == "utf-8" else "\\u0200") in written(out).decode(encoding)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "gbk"])
def test_csv_is_utf8(encoding: str, prediction: Prediction) -> None:
    with redirect_stdout(console(encoding)) as out:
        print_csv([prediction], ("label", "probability", "=犬", "cat"))
    assert written(out).decode() == "file,label,probability,=犬,cat,error\n猫.jpg,=犬,1.0,1.0,0.0,\n"


def test_csv_for_spreadsheets(prediction: Prediction) -> None:
    with redirect_stdout(console("utf-8")) as out:
        print_spreadsheet([prediction], ("label", "probability", "=犬", "cat"))
    assert written(out).decode() == "file,label,probability,'=犬,cat,error\n猫.jpg,'=犬,1.0,1.0,0.0,\n"


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\uff1d1"])
def test_what_a_spreadsheet_would_run(text: str) -> None:
    assert csv_text([(text, -1)], spreadsheet=True).startswith(("'", "\"'"))
    assert not csv_text([(text, -1)]).startswith("'")
    assert csv_text([("1-1", "a=b")], spreadsheet=True) == "1-1,a=b\n"


def test_names_that_control_a_terminal_are_made_visible() -> None:
    bad = Prediction(f"a{ESCAPE}.jpg\u202egpj\n", error="x")
    with redirect_stdout(console("utf-8")) as out, redirect_stderr(console("utf-8")) as err:
        print_table([bad], ())
        print_csv([bad], ())
        print_metrics(f"run{ESCAPE}", {f"test/{ESCAPE}": Measured(0.5, 0.4, 0.6)}, {})
        Terminal().say(f"two\nlines {ESCAPE}")
    shown = written(out).decode() + written(err).decode()
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "\u202e" not in shown
    assert shown.count("\\x1b]0;title\\x07") == 5
    assert "a\\x1b]0;title\\x07.jpg\\u202egpj\\n: error: x\n" in shown
    assert "two\nlines" in shown


def test_messages_are_visible(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from convsight import cli

    def app(**options: bool) -> None:
        raise UserError(f"no such class: {ESCAPE}\nnext line")

    monkeypatch.setattr(cli, "app", app)
    with pytest.raises(SystemExit):
        cli.main()
    assert capsys.readouterr().err == "error: no such class: \\x1b]0;title\\x07\nnext line\n"


@pytest.mark.skipif(sys.platform == "win32", reason="names that Windows refuses")
@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_a_process_whose_output_is_redirected(tmp_path: Path, encoding: str) -> None:
    random = np.random.default_rng(0)
    for name in ("猫", f"犬{ESCAPE}"):
        (tmp_path / name).mkdir()
        Image.fromarray(random.integers(0, 256, (40, 40, 3)).astype(np.uint8)).save(tmp_path / name / "é猫.png")
    (tmp_path / "猫" / os.fsdecode(b"caf\xe9.png")).write_bytes(b"none")
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    command = [sys.executable, "-m", "convsight", "audit", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, env=environment, timeout=120, check=False)
    assert done.returncode == 1, done.stderr
    assert b"Traceback" not in done.stderr
    assert b"\\u732b" in done.stdout
    assert b"\\x1b]0;title\\x07" in done.stdout
    assert b"\x1b" not in done.stdout + done.stderr
