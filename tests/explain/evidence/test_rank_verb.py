"""`convsight explain --rank` and `convsight.rank_explanations` on a trained network, as a user calls them."""

import csv
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
    rows = [row for row in csv.reader(photos_run.splits().splitlines()) if set(row) & set(names)]
    assert ["test" in row for row in rows] == [True, True]
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


def test_maps_have_their_rank_beside_them_and_the_ranking_chooses(
    photos_run: Run, ranked: Path, photos: Path, tmp_path: Path
) -> None:
    picture = str(photos / "dark" / "0.png")
    called = ["explain", str(photos_run.path), picture, "--out", str(tmp_path), "--format", "json"]
    found = CliRunner().invoke(app, called)
    assert found.exit_code == 0, found.output
    document = json.loads(found.stdout)
    assert document["method"] == "gradcam"
    assert "no ranking" in found.stderr
    assert document["evidence"]["picture"]["words"] == document["evidence"]["verdict"]
    assert {"e", "e_mean", "deletion", "insertion", "road", "rank", "references"} <= set(
        document["evidence"]["picture"]
    )

    convsight.rank_explanations(photos_run.path, photos, pictures=2, methods=["occlusion"], quiet=True)
    found = CliRunner().invoke(app, called)
    document = json.loads(found.stdout)
    assert document["method"] == "occlusion"
    assert "trusts this one most" in found.stderr
    assert document["evidence"]["ranking"]["verdict"] == "undecided"

    found = CliRunner().invoke(app, [*called, "--no-evidence"])
    assert json.loads(found.stdout)["evidence"] == {}
