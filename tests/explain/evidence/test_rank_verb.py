"""`convsight explain --rank` and `convsight.rank_explanations` on a trained network, as a user calls them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import convsight
from convsight.cli import app
from convsight.errors import UserError
from convsight.run import Run

METHODS = "occlusion,gradcam"


@pytest.fixture
def ranked(photos_run: Run) -> Path:
    """The file that a ranking leaves with the run."""
    file = photos_run.path / "explain_ranking.json"
    file.unlink(missing_ok=True)
    return file


def test_what_the_run_held_back_is_ranked_and_stored_with_it(photos_run: Run, ranked: Path) -> None:
    called = ["explain", str(photos_run.path), "--rank", "--pictures", "2", "--method", METHODS]
    found = CliRunner().invoke(app, called, env={"COLUMNS": "200"})
    assert found.exit_code == 0, found.output
    assert "on 2 pictures of" in found.output
    assert "centre blob" in found.output
    assert "2 pictures, and a verdict takes 50" in found.output
    assert str(ranked) in found.output.replace("\n", "")
    stored = json.loads(ranked.read_text())
    names = [picture["name"] for picture in stored["ranking"]["pictures"]]
    assert len(names) == 2
    tests = {line.split(",")[0] for line in photos_run.splits().splitlines() if line.rstrip().endswith("test")}
    assert set(names) <= tests
    assert set(stored["verdicts"]) == set(METHODS.split(","))

    again = CliRunner().invoke(app, [*called, "--format", "json"])
    assert json.loads(again.stdout) == stored


def test_from_python_with_data_of_a_program(photos_run: Run, ranked: Path, photos: Path) -> None:
    ranking = convsight.rank_explanations(photos_run.path, photos, pictures=2, methods=["occlusion"], quiet=True)
    assert list(ranking.judgements) == ["occlusion"]
    assert ranked.is_file()
    with pytest.raises(UserError, match="unknown method 'oclusion'; did you mean occlusion"):
        convsight.rank_explanations(photos_run.path, photos, methods=["oclusion"], quiet=True)


def test_two_data_sets_are_no_data_set(photos_run: Run, photos: Path) -> None:
    found = CliRunner().invoke(app, ["explain", str(photos_run.path), "--rank", str(photos), str(photos)])
    assert isinstance(found.exception, UserError)
    assert "one data set or folder, not 2" in str(found.exception)
