"""Every verb with segments: none of them knows what kind of question it is asked."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.command import within
from tests.conftest import trained_once
from tests.serve.live import live

import convsight
from convsight.datasets import read_dataset
from convsight.model_files import read_card
from convsight.results import PanopticMap, rgb_to_ids
from convsight.run import Run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A network that has seen the drawn shapes twice; not to be changed."""
    return trained_once(
        tmp_path_factory,
        "panoptic-shapes",
        lambda run: convsight.train("shapes", task="panoptic", size=64, epochs=2, run=run, quiet=True),
    )


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("pictures") / "one.png"
    Image.fromarray(np.asarray(read_dataset("shapes").split("test").images[0])).resize((96, 144)).save(file)
    return file


def cli(*arguments: str | Path, code: int = 0) -> str:
    """What the command line prints: its prediction, or its words where it ends with another `code` than 0."""
    done = within(*arguments)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def test_a_training_leaves_a_proven_graph(trained: Run) -> None:
    card = read_card(trained.exported_file)
    assert card.task == "panoptic"
    assert all(proof.holds for proof in card.proofs if proof.precision == "float32")
    assert {"test/PQ", "test/SQ", "test/RQ", "test/PQ_stuff"} <= trained.metrics.keys()


def test_predict_tells_segments_in_every_format(trained: Run, picture: Path, tmp_path: Path) -> None:
    folders = ("--draw", tmp_path / "drawn", "--files", tmp_path / "files")
    found: dict[str, Any] = json.loads(cli("predict", trained.path, picture, "--format", "json", *folders))
    (file,) = (tmp_path / "files").iterdir()
    ids = rgb_to_ids(np.asarray(Image.open(file)))
    assert ids.shape == (144, 96)
    assert {segment["id"]: segment["area"] for segment in found["segments"]} == {
        int(number): int(count) for number, count in zip(*np.unique(ids[ids > 0], return_counts=True), strict=True)
    }
    assert len(list((tmp_path / "drawn").iterdir())) == 1
    table = cli("predict", trained.path, picture, "--format", "csv").splitlines()
    assert table[0] == "file,label,score,id,pixels,error"
    assert "no boxes" in cli("predict", trained.path, picture, "--format", "coco", code=2)


def test_evaluate_gives_the_numbers_of_the_training(trained: Run) -> None:
    found = json.loads(cli("evaluate", trained.path, "--engine", "torch", "--precision", "float32", "--format", "json"))
    assert found["metrics"]["test/PQ"]["value"] == pytest.approx(trained.metrics["test/PQ"].value, abs=2e-3)


def test_a_server_answers_with_segments(trained: Run, picture: Path) -> None:
    with live(trained.path) as server:
        answer = server.post(picture.read_bytes())
        assert answer.status_code == 200
        (found,) = answer.json()["answers"]
    assert all(set(each) == {"id", "name", "score", "thing", "area"} for each in found["segments"])


@pytest.mark.parametrize("extra", [["--to", "openvino"], ["--int8", "--max-loss", "100"]], ids=" ".join)
def test_every_kind_of_export_is_proven(trained: Run, tmp_path: Path, extra: list[str], picture: Path) -> None:
    file = tmp_path / ("model.xml" if "openvino" in extra else "model.onnx")
    cli("export", trained.path, *extra, "--out", file)
    assert json.loads(cli("predict", file, picture, "--format", "json"))


def test_it_is_pushed_pulled_and_seen(trained: Run, tmp_path: Path, picture: Path) -> None:
    cli("push", trained.path, tmp_path / "pushed", "--license", "apache-2.0")
    cli("pull", tmp_path / "pushed", "--to", tmp_path / "pulled")
    result = convsight.load(trained.path).predict(picture)
    assert isinstance(result, PanopticMap)
    assert result.drawn().width >= 96
