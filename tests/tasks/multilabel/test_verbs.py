"""Every verb with several labels: none of them knows what kind of question it is asked."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file
from tests.command import within
from tests.conftest import trained_once
from tests.serve.live import live
from tests.training.stopping import PressesCtrlC

import convsight
from convsight.datasets import Dataset
from convsight.errors import UserError
from convsight.model_files import read_card
from convsight.progress import Silent
from convsight.results import LabelSet
from convsight.run import Run
from convsight.tasks.adoption import data_for
from convsight.tasks.choices import train_settings
from convsight.training.resume import resume
from convsight.training.train import train

CHOICES: dict[str, Any] = {"task": "multilabel", "size": 32, "epochs": 2, "net": "lecture3"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A network that has seen the drawn shapes twice; not to be changed."""
    return trained_once(
        tmp_path_factory,
        "multilabel-shapes",
        lambda run: convsight.train("shapes", run=run, quiet=True, **CHOICES),
    )


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Test images of the drawn shapes with a table of their labels."""
    folder = tmp_path_factory.mktemp("pictures")
    split = shapes().split("test")
    rows = ["path,labels"]
    for number in range(12):
        Image.fromarray(np.asarray(split.images[number])).save(folder / f"{number}.png")
        rows.append(f"{number}.png,{split.targets.lines()[number] or 'none'}")  # type: ignore[index]
    (folder / "labels.csv").write_text("\n".join(rows))
    return folder / "labels.csv"


def shapes() -> Dataset:
    return data_for("shapes", "multilabel")


def cli(*arguments: str | Path, code: int = 0) -> str:
    """What the command line prints: its prediction, or its words where it ends with another `code` than 0."""
    done = within(*arguments)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def test_a_training_leaves_a_proven_graph_and_figures(trained: Run) -> None:
    card = read_card(trained.exported_file)
    assert (card.task, card.target.kind) == ("multilabel", "labels")
    assert all(proof.holds for proof in card.proofs if proof.precision == "float32")
    assert {"curves.png", "labels.png", "varied.png", "mistakes.png"} <= {file.name for file in trained.path.iterdir()}
    assert {f"threshold/{name}" for name in card.target.names} == card.calibration.keys()
    wanted = {"test/mAP", "test/micro_f1", "test/exact_match", "val/AP/star", "test/baseline/frequencies/mAP"}
    assert {*wanted, "test/baseline/linear/mAP", "test/baseline/frequencies/exact_match"} <= trained.metrics.keys()


def test_predictions_in_every_form(trained: Run, table: Path) -> None:
    image = table.parent / "0.png"
    (found,) = map(json.loads, cli("predict", trained.path, image, "--format", "json").splitlines())
    thresholds = {name.removeprefix("threshold/"): cut for name, cut in trained.card.calibration.items()}
    labels = found["labels"]
    assert {each["name"]: each["threshold"] for each in labels} == pytest.approx(thresholds)
    assert all(each["present"] == (each["probability"] >= each["threshold"]) for each in labels)
    (row,) = csv.DictReader(cli("predict", trained.path, image, "--format", "csv").splitlines())
    assert row["labels"] == (";".join(each["name"] for each in labels if each["present"]) or "none")
    assert {each["name"]: float(row[each["name"]]) for each in labels} == pytest.approx(
        {each["name"]: each["probability"] for each in labels}, abs=1e-5
    )
    (none,) = map(
        json.loads, cli("predict", trained.path, image, "--format", "json", "--reject-below", "1").splitlines()
    )
    assert not any(each["present"] for each in none["labels"])


def test_engines_and_judgements_agree(trained: Run, table: Path) -> None:
    told = [
        convsight.load(trained.path, engine, "float32").predict(table.parent / "3.png")
        for engine in ("torch", "onnxruntime", "openvino")
    ]
    for other in told:
        assert isinstance(other, LabelSet)
        assert told[0].difference(other).largest < 1e-3
    own = convsight.evaluate(trained.path, quiet=True, engine="torch").metrics
    assert own["test/mAP"].value == pytest.approx(trained.metrics["test/mAP"].value, rel=1e-4)


def test_it_is_judged_on_a_table_and_on_boxes_and_its_mistakes_are_drawn(
    trained: Run, table: Path, tmp_path: Path
) -> None:
    found = convsight.evaluate(trained.path, table, quiet=True, mistakes=tmp_path / "wrong")
    assert found.images == 12
    rows = list(csv.DictReader((tmp_path / "wrong" / "mistakes.csv").read_text().splitlines()))
    assert {row["kind"] for row in rows} <= {"wrong", "missed"}
    assert len(list((tmp_path / "wrong").glob("*.jpg"))) == len({row["file"] for row in rows}) > 0
    boxes = convsight.evaluate(trained.path, "shapes", quiet=True).metrics
    assert boxes["test/mAP"].value == pytest.approx(trained.metrics["test/mAP"].value, abs=0.02)


def test_unknown_labels_are_refused(trained: Run, table: Path) -> None:
    other = table.with_name("other.csv")
    other.write_text("path,labels\n0.png,circle;hexagon\n1.png,star\n")
    assert "hexagon" in cli("evaluate", trained.path, other, code=2)


def test_it_is_served(trained: Run, table: Path) -> None:
    with live(trained.path) as server:
        found = server.post((table.parent / "0.png").read_bytes(), kind="application/octet-stream")
    assert {"name", "probability", "present", "threshold"} == set(json.loads(found.text)["answers"][0]["labels"][0])


def test_a_resumed_run_ends_with_the_same_bits(trained: Run, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(train_settings(data="shapes", run=f"{tmp_path}/part", export=False, **CHOICES), PressesCtrlC(epoch=2))
    resumed = resume(f"{tmp_path}/part", {}, Silent())
    one, other = load_file(trained.model_file), load_file(resumed.model_file)
    assert all((one[key] == other[key]).all() for key in one)


def test_options_of_the_task_are_refused_elsewhere() -> None:
    with pytest.raises(UserError, match="--positive-weight is for multilabel, not for classification"):
        convsight.train("digits", positive_weight="balanced", quiet=True, run="never")
    assert "--positive-weight" in cli("train", "--task", "multilabel", "--help")


def test_targets_that_tell_no_labels_are_refused(tmp_path: Path) -> None:
    about = json.dumps({"task": "multilabel", "target": {"kind": "labels", "names": ["a", "b"]}})
    targets = np.array([[0, 1], [1, 0.5], [1, 1], [0, 0]])
    np.savez(tmp_path / "bad.npz", inputs=np.zeros((4, 8, 8), np.uint8), targets=targets, about=np.array(about))
    with pytest.raises(UserError, match=r"a label is 0 or 1, not 0\.5; round probabilities"):
        convsight.train(tmp_path / "bad.npz", quiet=True, run=tmp_path / "never")
