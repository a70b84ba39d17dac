"""Every verb with numbers: none of them knows what kind of question it is asked."""

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
from convsight.datasets.thermometers import read_thermometers
from convsight.errors import UserError
from convsight.model_files import read_card
from convsight.progress import Silent
from convsight.results import Numbers
from convsight.run import Run
from convsight.tasks.choices import train_settings
from convsight.training.resume import resume
from convsight.training.train import train

CHOICES: dict[str, Any] = {"size": 24, "epochs": 2, "net": "lecture3", "loss": "mixture", "components": 2}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A network that has seen the drawn thermometers twice; not to be changed."""
    return trained_once(
        tmp_path_factory,
        "regression-thermometers",
        lambda run: convsight.train("thermometers", run=run, quiet=True, **CHOICES),
    )


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Test images of the drawn thermometers with a table of what they show, and of who took them."""
    folder = tmp_path_factory.mktemp("pictures")
    split = read_thermometers().split("test")
    rows = ["image,temperature [°C],nurse"]
    for number in range(12):
        Image.fromarray(np.asarray(split.images[number])).save(folder / f"{number}.png")
        rows.append(f"{number}.png,{split.targets.values[number, 0]},{number % 2}")  # type: ignore[attr-defined]
    (folder / "numbers.csv").write_text("\n".join(rows))
    return folder / "numbers.csv"


def cli(*arguments: str | Path, code: int = 0) -> str:
    """What the command line prints: its prediction, or its words where it ends with another `code` than 0."""
    done = within(*arguments)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def test_a_training_leaves_a_proven_graph_and_figures(trained: Run) -> None:
    card = read_card(trained.exported_file)
    assert (card.task, card.target.kind, card.options) == (
        "regression",
        "numbers",
        {"loss": "mixture", "components": 2},
    )
    assert all(proof.holds for proof in card.proofs if proof.precision == "float32")
    files = {file.name for file in trained.path.iterdir()}
    assert {"curves.png", "truth.png", "residuals.png", "varied.png", "mistakes.png"} <= files
    assert card.calibration.keys() == {"width/temperature"}
    wanted = {"test/rmse", "test/mae", "test/median_error", "test/r2", "test/coverage", "test/width", "test/nll"}
    assert {*wanted, "test/baseline/mean/rmse", "test/baseline/linear/mae"} <= trained.metrics.keys()
    assert trained.metrics["val/coverage"].value == pytest.approx(0.9, abs=0.03)


def test_predictions_in_every_form(trained: Run, table: Path, tmp_path: Path) -> None:
    image = table.parent / "0.png"
    (found,) = map(json.loads, cli("predict", trained.path, image, "--format", "json").splitlines())
    (number,) = found["numbers"]
    assert (number["name"], number["unit"], len(number["mixture"])) == ("temperature", "°C", 2)
    assert number["interval"]["low"] < number["value"] < number["interval"]["high"]
    text = cli("predict", trained.path, image, "--format", "csv", "--draw", tmp_path / "drawn")
    (row,) = csv.DictReader(text.splitlines())
    assert float(row["temperature (°C)"]) == pytest.approx(number["value"], rel=1e-4)
    assert float(row["temperature low (°C)"]) == pytest.approx(number["interval"]["low"], rel=1e-4, abs=1e-3)
    assert len(list((tmp_path / "drawn").iterdir())) == 1
    assert "--reject-below" in cli("predict", trained.path, image, "--reject-below", "0.5", code=2)


def test_engines_and_judgements_agree(trained: Run, table: Path) -> None:
    told = [
        convsight.load(trained.path, engine, "float32").predict(table.parent / "3.png")
        for engine in ("torch", "onnxruntime", "openvino")
    ]
    for other in told:
        assert isinstance(other, Numbers)
        assert told[0].difference(other).largest < 1e-3
    own = convsight.evaluate(trained.path, quiet=True, engine="torch").metrics
    for name in ("rmse", "coverage", "nll"):
        assert own[f"test/{name}"].value == pytest.approx(trained.metrics[f"test/{name}"].value, rel=1e-4)


def test_it_is_judged_on_a_table_and_its_mistakes_are_drawn(trained: Run, table: Path, tmp_path: Path) -> None:
    found = convsight.evaluate(trained.path, table, quiet=True, mistakes=tmp_path / "wrong")
    assert found.images == 12
    rows = list(csv.DictReader((tmp_path / "wrong" / "mistakes.csv").read_text().splitlines()))
    assert {row["kind"] for row in rows} <= {"outside"}
    assert found.metrics["test/coverage"].value == pytest.approx(1 - len(rows) / 12)


def test_another_unit_is_refused(trained: Run, table: Path) -> None:
    other = table.with_name("other.csv")
    other.write_text(table.read_text().replace("°C", "K"))
    assert "temperature (K); the network tells temperature (°C)" in cli("evaluate", trained.path, other, code=2)


def test_it_is_served(trained: Run, table: Path) -> None:
    with live(trained.path) as server:
        found = server.post((table.parent / "0.png").read_bytes(), kind="application/octet-stream")
    assert {"name", "value", "unit", "interval", "mixture"} == set(json.loads(found.text)["answers"][0]["numbers"][0])


def test_a_resumed_run_ends_with_the_same_bits(trained: Run, tmp_path: Path) -> None:
    settings = train_settings(data="thermometers", run=f"{tmp_path}/part", export=False, **CHOICES)
    with pytest.raises(KeyboardInterrupt):
        train(settings, PressesCtrlC(epoch=2))
    resumed = resume(f"{tmp_path}/part", {}, Silent())
    one, other = load_file(trained.model_file), load_file(resumed.model_file)
    assert all((one[key] == other[key]).all() for key in one)


def test_options_of_the_task_are_refused_elsewhere() -> None:
    with pytest.raises(UserError, match="--huber-delta is for regression, not for classification"):
        convsight.train("digits", huber_delta=2.0, quiet=True, run="never")
    assert "--flip-negates" in cli("train", "--task", "regression", "--help")


def test_what_cannot_be_learnt_is_refused_before_a_training(table: Path) -> None:
    same = table.with_name("same.csv")
    same.write_text("image,age [years]\n" + "".join(f"{number}.png,3\n" for number in range(12)))
    assert "age is 3 in every training example" in cli("train", same, "--run", table.parent / "never", code=2)
