"""`convsight explain --rank` and `convsight.rank_explanations` on a trained network, as a user calls them."""

import csv
import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

import convsight
from convsight.cli import app
from convsight.errors import UserError
from convsight.run import Run

METHODS = "occlusion,gradcam"


@pytest.fixture
def run(photos_run: Run, tmp_path: Path) -> Run:
    """A run of its own, since a ranking is kept with it."""
    return Run(Path(shutil.copytree(photos_run.path, tmp_path / "run")))


@pytest.fixture
def ranked(run: Run) -> Path:
    """The file that a ranking leaves with the run."""
    return run.path / "explain_ranking.json"


def test_what_the_run_held_back_is_ranked_and_stored_with_it(run: Run, ranked: Path) -> None:
    called = ["explain", str(run.path), "--rank", "--pictures", "2", "--method", METHODS]
    found = CliRunner().invoke(app, called, env={"COLUMNS": "200"})
    assert found.exit_code == 0, found.output
    assert "on 2 pictures of" in found.output
    assert "centre blob" in found.output
    assert "2 pictures, and a verdict takes 50" in found.output
    assert str(ranked) in found.output.replace("\n", "")
    stored = json.loads(ranked.read_text())
    names = [picture["name"] for picture in stored["ranking"]["pictures"]]
    assert len(names) == 2
    rows = [row for row in csv.reader(run.splits().splitlines()) if set(row) & set(names)]
    assert ["test" in row for row in rows] == [True, True]
    assert set(stored["verdicts"]) == set(METHODS.split(","))

    again = CliRunner().invoke(app, [*called, "--format", "json"])
    assert json.loads(again.stdout) == stored


def test_from_python_with_data_of_a_program(run: Run, ranked: Path, photos: Path) -> None:
    ranking = convsight.rank_explanations(run.path, photos, pictures=2, methods=["occlusion"], quiet=True)
    assert list(ranking.judgements) == ["occlusion"]
    assert ranked.is_file()
    with pytest.raises(UserError, match="unknown method 'oclusion'; did you mean occlusion"):
        convsight.rank_explanations(run.path, photos, methods=["oclusion"], quiet=True)


def test_two_data_sets_are_no_data_set(run: Run, photos: Path) -> None:
    found = CliRunner().invoke(app, ["explain", str(run.path), "--rank", str(photos), str(photos)])
    assert isinstance(found.exception, UserError)
    assert "one data set or folder, not 2" in str(found.exception)


def test_maps_have_their_rank_beside_them_and_the_ranking_chooses(
    run: Run, ranked: Path, photos: Path, tmp_path: Path
) -> None:
    picture = str(photos / "dark" / "0.png")
    called = ["explain", str(run.path), picture, "--out", str(tmp_path), "--format", "json"]
    found = CliRunner().invoke(app, called)
    assert found.exit_code == 0, found.output
    document = json.loads(found.stdout)
    assert document["method"] == "gradcam"
    assert "no ranking" in found.stderr
    assert document["evidence"]["picture"]["words"] == document["evidence"]["verdict"]
    assert {"e", "e_mean", "deletion", "insertion", "road", "rank", "references"} <= set(
        document["evidence"]["picture"]
    )

    convsight.rank_explanations(run.path, photos, pictures=2, methods=["occlusion"], quiet=True)
    found = CliRunner().invoke(app, called)
    document = json.loads(found.stdout)
    assert document["method"] == "occlusion"
    assert "trusts this one most" in found.stderr
    assert document["evidence"]["ranking"]["verdict"] == "undecided"

    found = CliRunner().invoke(app, [*called, "--no-evidence"])
    assert json.loads(found.stdout)["evidence"] == {}
