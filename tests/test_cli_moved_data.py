"""Runs whose data have moved, as a user meets them: each verb says how to name the new place, and compares it."""

import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image
from tests.command import within
from tests.training.stopping import PressesCtrlC

from convsight.datasets import UNSPLIT
from convsight.export.verb import _dataset
from convsight.run import Run
from convsight.settings import TrainSettings
from convsight.training.train import train

FAST: dict[str, Any] = {
    "net": "flatten | dense 8 relu | dense classes",
    "size": 12,
    "epochs": 2,
    "export": False,
    "patience": 0,
}


class Moved(NamedTuple):
    """A run, where its data were, where they are, and others with the same classes and names."""

    run: Path
    gone: Path
    place: Path
    others: Path


@pytest.fixture
def moved(photos: Path, tmp_path: Path) -> Moved:
    """The run was stopped after its first epoch."""
    with pytest.raises(KeyboardInterrupt):
        train(TrainSettings.of(data=str(photos), run=f"{tmp_path}/run", **FAST), PressesCtrlC(epoch=2))
    place, others = tmp_path / "elsewhere", tmp_path / "others"
    photos.rename(place)
    shutil.copytree(place, others)
    Image.new("RGB", (20, 20), (7, 7, 7)).save(others / "dark" / "0.png")
    return Moved(tmp_path / "run", photos, place, others)


def refused(*arguments: str | Path) -> str:
    done = within(*arguments)
    assert (done.returncode, done.stdout) == (2, ""), done
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.split())


def test_a_training_goes_on_where_its_data_are_now(moved: Moved) -> None:
    words = refused("train", "--resume", moved.run)
    assert f"no longer at {moved.gone}" in words
    assert f"train --resume {moved.run} --data PLACE" in words
    others = refused("train", "--resume", moved.run, "--data", moved.others)
    assert "has changed since" in others
    assert "1 image with other pixels (dark/0.png)" in others
    Image.new("RGB", (20, 20)).save(moved.others / "dark" / "more.png")
    (moved.others / "bright" / "3.png").unlink()
    others = refused("train", "--resume", moved.run, "--data", moved.others)
    assert "1 image is gone (bright/3.png), 1 image is new (dark/more.png)" in others
    (moved.others / "third").mkdir()
    Image.new("RGB", (20, 20)).save(moved.others / "third" / "0.png")
    others = refused("train", "--resume", moved.run, "--data", moved.others)
    assert "holds other classes than the run knows: 1 is new (third)" in others
    assert "nowhere" in refused("train", "--resume", moved.run, "--data", moved.run.parent / "nowhere")
    assert Run(moved.run).card.training["finished"] is False
    done = within("train", "--resume", moved.run, "--data", moved.place)
    assert done.returncode == 0, done.stderr
    run = Run(moved.run)
    assert (run.card.training["finished"], run.card.training["epochs"]) == (True, 2)
    assert run.settings()[0].data == str(moved.place)
    # From now on the run knows the place by itself.
    assert within("evaluate", moved.run).returncode == 0


def test_a_place_is_for_going_on_alone(moved: Moved) -> None:
    assert "--data" in refused("train", moved.place, "--data", moved.place)


def test_data_that_have_moved_are_judged_as_the_runs_own_and_others_are_not(moved: Moved) -> None:
    assert f"evaluate {moved.run} PLACE" in refused("evaluate", moved.run)
    own = within("evaluate", moved.run, moved.place, "--format", "json")
    assert own.returncode == 0, own.stderr
    assert "its own splits are judged" in own.stderr
    assert {name.partition("/")[0] for name in json.loads(own.stdout)["metrics"]} == {"test"}
    others = within("evaluate", moved.run, moved.others, "--format", "json")
    assert others.returncode == 0, others.stderr
    assert "its own splits are judged" not in others.stderr
    parts = {name.partition("/")[0] for name in json.loads(others.stdout)["metrics"]}
    assert parts >= {"train", "val"}, "what was seen is told as seen, wherever it lies"


def test_a_network_is_exported_with_its_data_elsewhere(moved: Moved, tmp_path: Path) -> None:
    assert f"export {moved.run} --data PLACE" in refused("export", moved.run, "--to", "torch")
    out = tmp_path / "model.onnx"
    done = within("export", moved.run, "--data", moved.place, "--out", out, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert all(proof["holds"] for proof in json.loads(done.stdout)["proofs"] if proof["precision"] == "float32")


def test_what_proves_a_network_is_what_was_held_back_where_the_data_are_its_own(moved: Moved) -> None:
    """Others prove it too, all of them."""
    card = Run(moved.run).card
    own, others = (_dataset(moved.run, card, place) for place in (moved.place, moved.others))
    assert {"train", "val", "test"} == own.splits.keys()
    assert list(others.splits) == [UNSPLIT]
