"""Tasks in small folders that go through every verb: nothing outside their folder knows them but one line here."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from safetensors.numpy import load_file
from tests.conftest import trained_once
from tests.contracts.toys import data
from tests.contracts.toys.serving import toy_server
from tests.training.stopping import PressesCtrlC

import convsight
from convsight.datasets.read import read_dataset
from convsight.export.verb import export
from convsight.hub.pull import pull
from convsight.hub.push import push
from convsight.progress import Silent
from convsight.run import Run
from convsight.tasks import TASKS, TaskFolder
from convsight.tasks.choices import train_settings
from convsight.training.train import resume, train

_PLACE = "tests.contracts.toys"
_SETTINGS = "convsight.settings:TaskSettings"


class Toy(NamedTuple):
    """A toy task: its entry, its data, a file to predict, and the word that a prediction is reported by."""

    folder: TaskFolder
    archive: Callable[[Path, str], Path]
    file: Callable[[Path], Path]
    word: str


TOYS = {
    "regression": Toy(
        TaskFolder(f"{_PLACE}.regression.light:NumberReader", _SETTINGS, f"{_PLACE}.regression.task:Regression"),
        data.heights,
        data.image_file,
        "numbers",
    ),
    "translation": Toy(
        TaskFolder(f"{_PLACE}.translation.light:ImageReader", _SETTINGS, f"{_PLACE}.translation.task:Translation"),
        data.negatives,
        data.image_file,
        "image",
    ),
    "adversarial": Toy(
        TaskFolder(f"{_PLACE}.translation.light:ImageReader", _SETTINGS, f"{_PLACE}.adversarial.task:Adversarial"),
        data.negatives,
        data.image_file,
        "image",
    ),
    "sequences": Toy(
        TaskFolder(
            "convsight.tasks.classification.light.reader:ClassReader", _SETTINGS, f"{_PLACE}.sequences.task:Sequences"
        ),
        data.waves,
        data.sequence_file,
        "labels",
    ),
}


@pytest.fixture(params=TOYS)
def name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a toy that is one of the tasks for as long as the test runs."""
    monkeypatch.setitem(TASKS, request.param, TOYS[request.param].folder)
    return str(request.param)


@pytest.fixture
def trained(name: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    """Data of the toy, and a run of three epochs on them with its proven graph; not to be changed."""

    def train_on_new_data(place: str) -> Run:
        folder = Path(f"{place}-data")
        folder.mkdir()
        return convsight.train(TOYS[name].archive(folder, name), run=place, epochs=3, quiet=True, batch=16)

    run = trained_once(tmp_path_factory, f"toy-{name}", train_on_new_data)
    return run.path.with_name(f"toy-{name}-data") / f"{name}.npz", run


def test_it_learns_and_says_what_it_reached(trained: tuple[Path, Run]) -> None:
    _, run = trained
    metrics = run.metrics
    selection = run.card.training["best_epoch"]
    assert selection >= 1
    assert all(np.isfinite(value.value) for value in metrics.values())
    assert run.exported_file.is_file(), (run.path / "log.txt").read_text()
    assert "holds" in (run.path / "log.txt").read_text()
    assert (run.path / "curves.png").is_file()


def test_it_begins_with_smaller_images_where_it_varies_images_and_all_of_its_networks_take_them(
    name: str, trained: tuple[Path, Run]
) -> None:
    _, chosen = trained[1].settings()
    assert chosen.get("first_side") == (24 if name == "translation" else None)


def test_a_resumed_run_ends_with_the_same_bits(trained: tuple[Path, Run], tmp_path: Path) -> None:
    archive, whole = trained
    choices = {"epochs": 3, "batch": 16, "export": False}
    with pytest.raises(KeyboardInterrupt):
        train(train_settings(data=str(archive), run=f"{tmp_path}/part", **choices), PressesCtrlC(epoch=2))
    resumed = resume(f"{tmp_path}/part", {}, Silent())
    one, other = load_file(whole.model_file), load_file(resumed.model_file)
    assert one.keys() == other.keys()
    assert all((one[key] == other[key]).all() for key in one)


def test_it_is_judged(name: str, trained: tuple[Path, Run]) -> None:
    archive, run = trained
    own = convsight.evaluate(run.path, quiet=True, engine="torch").metrics
    for metric, found in own.items():
        if metric.startswith("test/"):
            assert found.value == pytest.approx(run.metrics[metric].value, rel=1e-4)
    assert convsight.evaluate(run.path, archive, quiet=True).metrics.keys() == own.keys()
    assert len(read_dataset(archive).target.names) == len(run.card.target.names)


def test_it_predicts_the_same_with_every_engine(name: str, trained: tuple[Path, Run], tmp_path: Path) -> None:
    file = TOYS[name].file(tmp_path)
    told = [
        convsight.load(trained[1].path, engine, "float32").predict(file)
        for engine in ("torch", "onnxruntime", "openvino")
    ]
    assert TOYS[name].word in told[0].to_json()
    for other in told[1:]:
        assert told[0].difference(other).largest < 0.01


def test_it_is_exported_in_8_bit_numbers(name: str, trained: tuple[Path, Run], tmp_path: Path) -> None:
    out = tmp_path / "small.onnx"
    options: dict[str, Any] = {"half": False, "data": None, "max_megapixels": 100.0, "output": "json"}
    export(str(trained[1].path), "onnx", int8=True, max_loss=100.0, out=out, listener=Silent(), **options)
    card = convsight.load(out).card
    assert card.weights == "int8"
    assert card.costs
    assert all(np.isfinite(cost.lost) for cost in card.costs)


def test_it_is_served(name: str, trained: tuple[Path, Run], tmp_path: Path) -> None:
    file = TOYS[name].file(tmp_path)
    with toy_server(name, TOYS[name].folder, trained[1].path) as server:
        prediction = server.post(file.read_bytes(), kind="application/octet-stream")
    assert prediction.status_code == 200, prediction.text
    assert TOYS[name].word in json.loads(prediction.text)["answers"][0]


def test_it_is_pushed_and_pulled(name: str, trained: tuple[Path, Run], tmp_path: Path) -> None:
    push(str(trained[1].path), str(tmp_path / "theirs"), Silent(), licence="apache-2.0", public=False)
    pulled = pull(str(tmp_path / "theirs"), tmp_path / "ours", None)
    assert pulled.card.target == trained[1].card.target
    file = TOYS[name].file(tmp_path)
    there, here = (convsight.load(path).predict(file) for path in (trained[1].path, pulled.folder))
    assert there.difference(here).largest == 0
    shutil.rmtree(tmp_path / "ours")
