"""Every verb with masks of things: none of them knows what kind of question it is asked."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.command import within
from tests.conftest import trained_once
from tests.serve.live import live, request

import convsight
from convsight.datasets import read_dataset
from convsight.model_files import read_card
from convsight.results import Boxes
from convsight.results.run_lengths import from_run_lengths, from_text
from convsight.run import Run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A network that has seen the drawn shapes twice; not to be changed."""
    return trained_once(
        tmp_path_factory,
        "instances-shapes",
        lambda run: convsight.train("shapes", task="instances", size=64, epochs=2, run=run, quiet=True),
    )


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    shapes = read_dataset("shapes").split("test").images
    for number in range(2):
        Image.fromarray(np.asarray(shapes[number])).resize((96, 144)).save(folder / f"{number:012d}.png")
    return folder


def cli(*arguments: str | Path, code: int = 0) -> str:
    """What the command line prints: its prediction, or its words where it ends with another `code` than 0."""
    done = within(*arguments)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def test_a_training_leaves_a_proven_graph(trained: Run) -> None:
    card = read_card(trained.exported_file)
    assert card.task == "instances"
    assert all(proof.holds for proof in card.proofs if proof.precision == "float32")
    assert {"test/AP", "test/AP50", "test/DSB50", "test/AJI"} <= trained.metrics.keys()
    assert {f"threshold/{name}" for name in card.target.names} <= card.calibration.keys()
    assert card.options == {"marker": 0.5, "overlap": 0.5}


def test_predict_tells_masks_in_every_format(trained: Run, images: Path, tmp_path: Path) -> None:
    folders = ("--draw", tmp_path / "drawn", "--files", tmp_path / "files")
    lines = cli("predict", trained.path, images, "--format", "json", "--reject-below", "0.01", *folders).splitlines()
    found = [json.loads(line)["boxes"] for line in lines]
    assert sum(map(len, found)) > 0
    for boxes, file in zip(found, sorted((tmp_path / "files").iterdir()), strict=True):
        assert file.name.endswith(".instances.png")
        ids = np.asarray(Image.open(file))
        assert ids.shape == (144, 96)
        for number, box in enumerate(boxes, 1):
            flags = from_run_lengths(from_text(box["mask"]["counts"]), (96, 144))
            np.testing.assert_array_equal(flags, ids == number)
            rows, columns = np.nonzero(flags)
            assert box["xyxy"] == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    assert len(list((tmp_path / "drawn").iterdir())) == 2
    entries: list[dict[str, Any]] = json.loads(cli("predict", trained.path, images, "--format", "coco"))
    assert all(entry["segmentation"]["size"] == [144, 96] for entry in entries)
    table = cli("predict", trained.path, images, "--format", "csv", "--reject-below", "0.01").splitlines()
    assert table[0] == "file,label,score,left,top,right,bottom,mask,error"
    assert len(table) == 1 + sum(max(1, len(boxes)) for boxes in found)


def test_evaluate_gives_the_numbers_of_the_training(trained: Run) -> None:
    found = json.loads(cli("evaluate", trained.path, "--engine", "torch", "--precision", "float32", "--format", "json"))
    for name in ("test/AP", "test/AP50", "test/DSB50"):
        assert found["metrics"][name]["value"] == pytest.approx(trained.metrics[name].value, abs=2e-3)


def test_a_server_answers_with_masks(trained: Run, images: Path) -> None:
    content = (images / f"{0:012d}.png").read_bytes()
    with live(trained.path) as server:
        answer = server.post(content)
        assert answer.status_code == 200
        (found,) = answer.json()["answers"]
        assert all(set(box) == {"name", "score", "xyxy", "mask"} for box in found["boxes"])
        kinds = {"Content-Type": "application/octet-stream", "Accept": "application/zip"}
        archive = request("POST", server.url + "/predict", content=content, headers=kinds)
        names = zipfile.ZipFile(io.BytesIO(archive.content)).namelist()
    assert [name.split(".", 1)[1] for name in names] == ["json", "drawn.png", "instances.png"]


def test_data_without_pixels_are_refused(trained: Run, photos: Path) -> None:
    assert "classification" in cli("evaluate", trained.path, photos, code=2)
    assert "--task" in cli("train", "digits", "--task", "instances", code=2)


def test_a_pushed_network_tells_what_it_is(trained: Run, tmp_path: Path) -> None:
    cli("push", trained.path, tmp_path / "pushed", "--license", "apache-2.0")
    assert "image-segmentation" in (tmp_path / "pushed" / "README.md").read_text()
    cli("pull", tmp_path / "pushed", "--to", tmp_path / "pulled")


def test_results_are_seen_and_compared(trained: Run, images: Path) -> None:
    model = convsight.load(trained.path)
    result = model.predict(images / f"{0:012d}.png")
    assert isinstance(result, Boxes)
    assert result.size == (96, 144)
    assert len(result.masks) == len(result)
    assert len(result.at_least(0.0).to_supervision().mask) == len(result)


def test_another_export_is_proven(trained: Run, tmp_path: Path, images: Path) -> None:
    file = tmp_path / "model.xml"
    cli("export", trained.path, "--to", "openvino", "--out", file)
    assert json.loads(cli("predict", file, images / f"{0:012d}.png", "--format", "json"))


def test_eight_bits_are_refused_where_things_are_others(trained: Run, tmp_path: Path) -> None:
    """After two epochs most things are nearly none: what 8 bits turn over is told, and no file is written."""
    words = cli("export", trained.path, "--int8", "--max-loss", "100", "--out", tmp_path / "model.onnx", code=2)
    assert "would not answer like the network it comes from" in words
    assert not (tmp_path / "model.onnx").exists()


def test_resuming_goes_on(tmp_path: Path) -> None:
    choices: Any = {"task": "instances", "size": 32, "export": False, "quiet": True}
    one = convsight.train("shapes", epochs=1, run=str(tmp_path / "a"), **choices)
    cli("train", "--resume", one.path, "--epochs", "2")
    assert Run.open(one.path).card.training["epochs"] == 2
