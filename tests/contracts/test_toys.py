"""Tasks in small folders that go through every verb: nothing outside their folder knows them but one line here."""

import csv
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from tests.conftest import trained_once
from tests.contracts.toys import data
from tests.contracts.toys.serving import toy_server
from tests.serve.live import Live
from tests.training.stopping import PressesCtrlC
from torch import Tensor

import convsight
from convsight.augmentation import Batch
from convsight.datasets import Examples, ImageStore
from convsight.datasets.read import read_dataset
from convsight.export.verb import export
from convsight.hub.pull import pull
from convsight.hub.push import push
from convsight.progress import Silent
from convsight.run import Run
from convsight.tasks import TASKS, TaskFolder, reader_of, task_of
from convsight.tasks.choices import train_settings
from convsight.tasks.learner import MAIN
from convsight.training.resume import resume
from convsight.training.train import train

_PLACE = "tests.contracts.toys"
_SETTINGS = "convsight.settings:TaskSettings"


class Toy(NamedTuple):
    """A toy task: its entry, its data, a file to predict, the key of a prediction in JSON.

    `limit` is of the first metric, about half way between what learns nothing reaches (the deviation of the targets,
    every second class) and what three epochs do.
    """

    folder: TaskFolder
    archive: Callable[[Path, str], Path]
    file: Callable[[Path], Path]
    key: str
    limit: float


def _folder(reader: str, task: str) -> TaskFolder:
    light = reader if reader.startswith("convsight.") else f"{_PLACE}.{reader}"
    return TaskFolder(light, _SETTINGS, f"{_PLACE}.{task}")


_NUMBER, _IMAGE = "regression.light:NumberReader", "translation.light:ImageReader"
_CLASS = "convsight.tasks.classification.light.reader:ClassReader"
TOYS = {
    "regression": Toy(_folder(_NUMBER, "regression.task:Regression"), data.heights, data.image_file, "numbers", 400),
    "translation": Toy(_folder(_IMAGE, "translation.task:Translation"), data.negatives, data.image_file, "image", 0.1),
    "adversarial": Toy(_folder(_IMAGE, "adversarial.task:Adversarial"), data.negatives, data.image_file, "image", 0.1),
    "sequences": Toy(_folder(_CLASS, "arrays.task:Sequences"), data.waves, data.sequence_file, "labels", 0.8),
    "recordings": Toy(_folder(_CLASS, "arrays.task:Recordings"), data.waves, data.sequence_file, "labels", 0.8),
    "volumes": Toy(_folder(_CLASS, "arrays.task:Volumes"), data.halves, data.volume_file, "labels", 0.8),
}


@pytest.fixture(params=TOYS)
def name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a toy that is one of the tasks for as long as the test runs."""
    monkeypatch.setitem(TASKS, request.param, TOYS[request.param].folder)
    return str(request.param)


@pytest.fixture
def trained(name: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    """Data of the toy, and a run of three epochs on them with its proven graph; not to be changed."""
    return trained_toy(name, tmp_path_factory)


def trained_toy(name: str, factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    def train_on_new_data(place: str) -> Run:
        folder = Path(f"{place}-data")
        folder.mkdir()
        return convsight.train(TOYS[name].archive(folder, name), run=place, epochs=3, quiet=True, batch=16)

    run = trained_once(factory, f"toy-{name}", train_on_new_data)
    return run.path.with_name(f"toy-{name}-data") / f"{name}.npz", run


def test_it_learns_and_says_what_it_reached(name: str, trained: tuple[Path, Run]) -> None:
    _, run = trained
    metrics = run.metrics
    first = reader_of(run.card).metrics().selected_by[0]
    for split in ("val", "test"):
        assert first.beats(metrics[f"{split}/{first.name}"].value, TOYS[name].limit)
    assert run.card.training["best_epoch"] >= 1
    assert all(np.isfinite(value.value) for value in metrics.values())
    assert not run.card.mirror
    assert run.exported_file.is_file(), (run.path / "log.txt").read_text()
    assert "holds" in (run.path / "log.txt").read_text()
    assert (run.path / "curves.png").is_file()


def test_all_of_its_networks_learn(name: str, trained: tuple[Path, Run]) -> None:
    _, run = trained
    settings, _ = run.settings()
    task = task_of(name)
    torch.manual_seed(settings.seed)
    first = task.learner(task.build(run.card), run.card, settings).state_dict()
    last = load_file(run.checkpoint_file)
    for key, value in first.items():
        assert (last[f"learner/{key}"] != value.numpy()).any(), key


def test_parts_of_the_loss_are_columns(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setitem(TASKS, "adversarial", TOYS["adversarial"].folder)
    _, run = trained_toy("adversarial", tmp_path_factory)
    rows = list(csv.DictReader((run.path / "metrics.csv").read_text().splitlines()))
    losses = {column for column in rows[0] if column.startswith("train/loss")}
    assert losses == {"train/loss", "train/loss/distance", "train/loss/fooling", "train/loss/critic"}
    for row in rows:
        parts = float(row["train/loss/distance"]) + 0.01 * float(row["train/loss/fooling"])
        assert float(row["train/loss"]) == pytest.approx(parts)


def test_it_is_small_and_final(name: str) -> None:
    task = type(task_of(name))
    folder = (Path(__file__).parents[2] / task.__module__.replace(".", "/")).parent
    files = [file for file in folder.glob("*.py") if file.name != "__init__.py"]
    assert sum(len(file.read_text().splitlines()) for file in files) <= 60
    assert getattr(task, "__final__", False)


def test_its_loss_and_its_graph_keep_to_the_device_of_what_they_are_given(name: str, trained: tuple[Path, Run]) -> None:
    archive, run = trained
    task, card = task_of(name), run.card
    meta = torch.device("meta")
    learner = task.learner(task.build(card), card, run.settings()[0]).to(meta)
    split = read_dataset(archive).splits["all"]
    examples = Examples(ImageStore.read(split, card.input)[0], split.targets)
    targets = task.targets(examples).take(np.arange(4))
    inputs = torch.zeros(4, *card.input.planes_shape, device=meta)
    batch = Batch({card.input.kind: inputs}, {key: value.to(meta) for key, value in targets.items()})
    losses = learner.step(batch, _backward)
    loaded = torch.from_numpy(np.zeros((4, *card.input.array_shape), card.input.dtype)).to(meta)
    arrays = task.graph(learner.network, card).to(meta)(loaded)
    assert {value.device for value in (*losses.values(), *arrays.values())} == {meta}


def test_it_begins_with_smaller_images_where_it_varies_images_and_all_of_its_networks_take_them(
    name: str, trained: tuple[Path, Run]
) -> None:
    _, chosen = trained[1].settings()
    assert chosen.get("first_side") == (24 if name == "translation" else None)


def _backward(loss: Tensor, optimizer: str = MAIN) -> None:
    loss.backward()  # type: ignore[no-untyped-call]


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
    assert read_dataset(archive).target.names == run.card.target.names


def test_it_predicts_the_same_with_every_engine(name: str, trained: tuple[Path, Run], tmp_path: Path) -> None:
    file = TOYS[name].file(tmp_path)
    told = [
        convsight.load(trained[1].path, engine, "float32").predict(file)
        for engine in ("torch", "onnxruntime", "openvino")
    ]
    assert TOYS[name].key in told[0].to_json()
    for other in told[1:]:
        assert told[0].difference(other).largest < 0.01


# The same calls for each: one of them stands for all where time is short.
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name == "regression" else pytest.mark.slow)
        for name in TOYS
        if name not in {"recordings", "volumes"}
    ],
    indirect=True,
)
def test_it_is_exported_in_8_bit_numbers(name: str, trained: tuple[Path, Run], tmp_path: Path) -> None:
    out = tmp_path / "small.onnx"
    options: dict[str, Any] = {"half": False, "data": None, "max_megapixels": 100.0}
    export(str(trained[1].path), "onnx", int8=True, max_loss=10.0, out=out, listener=Silent(), **options)
    card = convsight.load(out).card
    assert card.weights == "int8"
    assert card.costs
    assert all(cost.metric == reader_of(card).metrics().selection[0] for cost in card.costs)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """One server of all toys, each under its name."""
    folders = {name: toy.folder for name, toy in TOYS.items()}
    with patch.dict(TASKS, folders):
        models = {name: trained_toy(name, tmp_path_factory)[1].path for name in TOYS}
    with toy_server(folders, models) as running:
        yield running


def test_it_is_served(name: str, server: Live, tmp_path: Path) -> None:
    file = TOYS[name].file(tmp_path)
    prediction = server.post(file.read_bytes(), kind="application/octet-stream", path=f"/predict/{name}")
    assert prediction.status_code == 200, prediction.text
    assert TOYS[name].key in json.loads(prediction.text)["answers"][0]


def test_it_is_pushed_and_pulled(name: str, trained: tuple[Path, Run], tmp_path: Path) -> None:
    push(str(trained[1].path), str(tmp_path / "theirs"), Silent(), licence="apache-2.0", public=False)
    pulled = pull(str(tmp_path / "theirs"), tmp_path / "ours", None)
    assert pulled.card.target == trained[1].card.target
    file = TOYS[name].file(tmp_path)
    there, here = (convsight.load(path).predict(file) for path in (trained[1].path, pulled.folder))
    assert there.difference(here).largest == 0
    shutil.rmtree(tmp_path / "ours")
