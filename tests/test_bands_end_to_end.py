"""Files of four bands through every verb: trained, judged, exported, predicted, drawn, served."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient
from tests.band_files import class_folders, some_bands, write_bands
from tests.command import within

from convsight.datasets import read_dataset
from convsight.inputs import ImageInput
from convsight.model_files import read_card
from convsight.runtime.model import load
from convsight.serve.app import create_app
from convsight.serve.settings import ServeSettings
from convsight.settings import TrainSettings
from convsight.tasks import task_of

NET = "conv 8 3x3 | relu | globalavg | dense classes"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return class_folders(tmp_path_factory.mktemp("bands") / "data", count=24)


@pytest.fixture(scope="module")
def run(data: Path) -> Path:
    path = data.parent / "run"
    done = within("train", data, "--epochs", "12", "--lr", "0.05", "--size", "8", "--net", NET, "--run", path)
    assert done.returncode == 0, done.stderr
    assert "4 channels of 16 bits from 0 to 4,095" in done.stderr
    return path


def test_the_card_says_what_was_measured(run: Path) -> None:
    card = read_card(run / "model.safetensors")
    assert isinstance(card.input, ImageInput)
    assert (card.input.channels, card.input.bits, card.input.low, card.input.high) == (4, 16, 0, 4095)
    assert card.metrics["test/accuracy"].value > 0.9
    assert read_card(run / "model.onnx").input == card.input  # proven equal when it was exported


@pytest.mark.parametrize("model", ["model.safetensors", "model.onnx"])
def test_files_and_folders_are_predicted_and_drawn(run: Path, data: Path, tmp_path: Path, model: str) -> None:
    write_bands(tmp_path / "in" / "wrong.tif", some_bands(8, 8, 5))
    write_bands(tmp_path / "in" / "right.tif", some_bands(8, 8, 4) * 20)
    done = within(
        "predict", run / model, data / "test" / "b", tmp_path / "in", "--format", "json", "--draw", tmp_path / "drawn"
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == 6
    assert [line["labels"][0]["name"] for line in lines if "labels" in line][:4] == ["b"] * 4
    [error] = [line["error"] for line in lines if "error" in line]
    assert "wrong.tif holds 5 bands of uint16; expected 4 of uint16" in error
    assert len(list((tmp_path / "drawn").iterdir())) == 5


def test_arrays_are_predicted_as_files_are(run: Path, data: Path) -> None:
    model = load(run / "model.onnx")
    file = data / "test" / "b" / "1.tif"
    assert isinstance(model.card.input, ImageInput)
    of_file, of_array = model.predict(file), model.predict(model.card.input.original(file))
    assert of_file.to_json() == of_array.to_json()
    assert of_file.drawn().mode == "RGB"


def test_evaluation_and_audit(run: Path, data: Path) -> None:
    done = within("evaluate", run, data, "--split", "test", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert "accuracy" in done.stdout
    assert "12 bands" not in within("audit", data).stdout


def test_the_server_takes_a_tiff_and_draws_on_it(run: Path, data: Path) -> None:
    content = (data / "test" / "b" / "1.tif").read_bytes()
    with TestClient(create_app({"bands": load(run / "model.onnx")}, ServeSettings()), "http://localhost") as client:
        found = client.post("/predict", content=content)
        assert found.json()["answers"][0]["labels"][0]["name"] == "b"
        drawn = client.post("/predict", content=content, headers={"Accept": "image/png"})
        assert Image.open(io.BytesIO(drawn.content)).mode == "RGB"
        cut = client.post("/predict", content=content[:-300])
        assert "cut short" in cut.json()["answers"][0]["error"]
        other = io.BytesIO()
        Image.new("RGB", (9, 9)).save(other, "JPEG")
        assert "takes TIFF files of bands" in client.post("/predict", content=other.getvalue()).text


def test_other_bands_end_a_training_before_it_begins(tmp_path: Path) -> None:
    data = class_folders(tmp_path / "data", "int16")
    write_bands(data / "train" / "a" / "other.tif", some_bands(8, 8, 5))
    done = within("train", data, "--epochs", "1", "--net", NET, "--run", tmp_path / "run")
    assert done.returncode == 2
    assert "other.tif holds 5 bands of uint16; expected 4 of float32" in done.stderr
    assert not (tmp_path / "run").exists()


def test_boxes_lie_in_files_of_bands(tmp_path: Path) -> None:
    for number in range(4):
        write_bands(tmp_path / "images" / "train" / f"{number}.tif", some_bands(40, 60, 4, "float32", number))
        (tmp_path / "labels" / "train").mkdir(parents=True, exist_ok=True)
        (tmp_path / "labels" / "train" / f"{number}.txt").write_text("0 0.5 0.5 0.25 0.5\n")
    (tmp_path / "data.yaml").write_text("train: images/train\nval: images/train\nnames: [thing]\n")
    dataset = read_dataset(tmp_path)
    spec, _ = task_of("detection").input("ssd", dataset, TrainSettings(data="x", size=64))
    assert isinstance(spec, ImageInput)
    assert (spec.channels, spec.bits, spec.width) == (4, 32, 64)
    loaded = spec.load(dataset.split("train").images[0])
    assert loaded.size == (60, 40)
    assert loaded.array.shape == (spec.height, spec.width, 4)


def test_tables_and_real_files(shared_data: Callable[[str], Path], tmp_path: Path) -> None:
    ndvi = np.moveaxis(np.load(shared_data("eolearn_lulc") / "NDVI.npy")[..., 0], 0, -1)
    for number in range(4):
        write_bands(tmp_path / f"{number}.tif", ndvi[number * 20 : number * 20 + 20, :20], compress="deflate")
    (tmp_path / "labels.csv").write_text("image,label\n0.tif,a\n1.tif,b\n2.tif,a\n3.tif,b\n")
    dataset = read_dataset(tmp_path / "labels.csv")
    spec, _ = task_of("classification").input(
        "small", dataset.with_splits({"train": dataset.split("all")}), TrainSettings(data="x")
    )
    assert isinstance(spec, ImageInput)
    assert (spec.channels, spec.bits) == (68, 32)
    assert -1 <= spec.low < spec.high <= 1
