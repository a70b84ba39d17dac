"""`convsight runs`."""

import json
import os
from pathlib import Path
from shutil import copytree

import pytest
from tests.command import within

from convsight.errors import UserError
from convsight.run import Run
from convsight.run_list import list_runs


@pytest.fixture
def folder(exported_run: Run, tmp_path: Path) -> Path:
    """A finished run, a newer one without a network yet, and what is no run."""
    copytree(exported_run.path, tmp_path / "runs" / "digits")
    begun = tmp_path / "runs" / "begun"
    begun.mkdir()
    (begun / "settings.toml").write_text('[settings]\ndata = "digits"\n')
    (tmp_path / "runs" / "notes").mkdir()
    os.utime(tmp_path / "runs" / "digits" / "model.safetensors", (1e9, 1e9))
    return tmp_path / "runs"


def test_runs_are_listed_newest_first_with_what_they_are(folder: Path, exported_run: Run) -> None:
    begun, done = list_runs(folder)
    assert begun.run == str(folder / "begun")
    assert "holds no model yet" in begun.problem
    assert (done.data, done.task, done.net, done.metric) == ("digits", "classification", "small", "test/accuracy")
    assert (done.value, done.low, done.high) == tuple(exported_run.metrics["test/accuracy"])
    assert done.finished
    assert done.date.startswith("2001-09-0")


def test_the_verb_prints_a_table_or_json(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for columns in ("60", "80", "200"):
        monkeypatch.setenv("COLUMNS", columns)
        told = within("runs", cwd=folder.parent).stdout
        assert "runs/digits" in told
        assert max(map(len, told.splitlines())) <= int(columns)
    found = json.loads(within("runs", folder, "--format", "json").stdout)
    assert [run["finished"] for run in found["runs"]] == [False, True]


def test_where_there_are_none(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no folder"):
        list_runs(tmp_path / "runs")
    (tmp_path / "runs").mkdir()
    assert "no runs here yet" in within("runs", cwd=tmp_path).stdout
