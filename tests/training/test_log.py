"""TensorBoard's and MLflow's files, read back by their own libraries."""

import csv
import importlib.util
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import trained_once
from tests.training.stopping import PressesCtrlC

import convsight
from convsight.errors import UserError
from convsight.progress import Silent
from convsight.run import Run
from convsight.tasks.choices import train_settings
from convsight.training.log import mlflow as module
from convsight.training.resume import resume
from convsight.training.train import train

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of MLflow's own code, as it is read here

NET = "conv 4 3x3 stride 2 | relu | globalavg | dense classes"
FAST: dict[str, Any] = {
    "net": NET, "size": 12, "epochs": 3, "batch": 128, "export": False, "log": "tensorboard,mlflow", "grow": False,
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def nothing_leaves() -> Iterator[list[object]]:
    """Addresses beyond this machine that were asked for in these tests: none."""
    asked: list[object] = []
    real, resolve = socket.socket.connect, socket.getaddrinfo

    def connect(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
            asked.append(address)
            raise OSError("not from here")
        real(self, address)

    def look_up(host: Any, *others: Any, **more: Any) -> Any:
        if host not in (None, "localhost", "127.0.0.1", "::1"):
            asked.append(host)
            raise OSError("not from here")
        return resolve(host, *others, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        patch.setattr(socket, "getaddrinfo", look_up)
        yield asked
    assert asked == []


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that was stopped in its second epoch and gone on with; not to be changed."""

    def make(place: str) -> Run:
        with pytest.raises(KeyboardInterrupt):
            train(train_settings(data="digits", run=place, **FAST), PressesCtrlC(epoch=3))
        return resume(place, {}, Silent())

    return trained_once(tmp_path_factory, "logged", make)


def rows_of(run: Run) -> list[dict[str, str]]:
    with (run.path / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_tensorboard_reads_each_row_once_and_the_end(run: Run) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(run.path / "tensorboard"), size_guidance={"images": 0})
    found.Reload()
    rows = rows_of(run)
    for name in ("train/loss", "val/accuracy", "lr"):
        events = found.Scalars(name)
        assert [event.step for event in events] == [1, 2, 3]
        assert [event.value for event in events] == pytest.approx([float(row[name]) for row in rows], rel=1e-6)
    reached = run.metrics["test/accuracy"]
    ends = [found.Scalars(f"final/test/accuracy{end}")[0].value for end in ("", "/low", "/high")]
    assert ends == pytest.approx([*reached], rel=1e-6)
    assert {"curves", "confusion", "varied"} <= set(found.Tags()["images"])
    settings = found.Tensors("settings/text_summary")[0].tensor_proto.string_val[0].decode()
    assert f"| net | {NET.replace('|', chr(92) + '|')} |" in settings


def test_mlflow_reads_each_row_once_and_the_end(run: Run) -> None:
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{run.path.parent / 'mlflow.db'}")
    [experiment] = [each for each in client.search_experiments() if each.name != "Default"]
    assert experiment.name == "digits"
    [found] = client.search_runs([experiment.experiment_id])
    assert (found.info.run_name, found.info.status) == ("logged", "FINISHED")
    history = client.get_metric_history(found.info.run_id, "val/accuracy")
    assert [each.step for each in history] == [1, 2, 3]
    assert [each.value for each in history] == pytest.approx([float(row["val/accuracy"]) for row in rows_of(run)])
    reached = run.metrics["test/accuracy"]
    assert [found.data.metrics[f"final/test/accuracy{end}"] for end in ("", "/low", "/high")] == [*reached]
    assert {"net": NET, "optimizer": "muon", "seed": "0", "chosen.batch": "128"}.items() <= found.data.params.items()
    figures = {Path(each.path).name for each in client.list_artifacts(found.info.run_id, "figures")}
    assert {"curves.png", "confusion.png"} <= figures
    assert (run.path.parent / "mlflow").is_dir()


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What MLflow says of trainings that ended in several ways, in one store, which takes seconds to make."""
    from mlflow.tracking import MlflowClient

    folder, settings = tmp_path_factory.mktemp("ended"), {**FAST, "log": "mlflow", "epochs": 1, "batch": 512}

    def trained(name: str, listener: Any, **choices: Any) -> Run:
        return train(train_settings(data="digits", run=str(folder / name), **{**settings, **choices}), listener)

    early = trained("early", Silent(), epochs=9, patience=1, lr=1e-9, ema=0.0)
    assert early.card.training["epochs"] < 9
    stops = {"epoch": PressesCtrlC(epoch=1), "judged": PressesCtrlC(epoch=9, while_counting="judging")}
    for name, listener in stops.items():
        with pytest.raises(KeyboardInterrupt):
            trained(name, listener, epochs=2)
    with pytest.raises(KeyboardInterrupt):  # a pretrained network has a row before them, of its fitted last layer
        trained("baselines", PressesCtrlC(epoch=9, while_counting="baselines"), weights=str(early.model_file))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module.Mlflow, "finished", _full)
        trained("full", Silent())
    client = MlflowClient(tracking_uri=f"sqlite:///{folder / 'mlflow.db'}")
    runs = client.search_runs([each.experiment_id for each in client.search_experiments()])
    return {found.info.run_name: found.info.status for found in runs}


def _full(self: object, card: object, figures: object) -> None:
    raise OSError("no space left")


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("early", "FINISHED"),  # nothing got better any more
        ("epoch", None),  # stopped before the first row, so that there is none
        ("judged", "KILLED"),
        ("baselines", "KILLED"),  # after the row of epoch 0, before the first step
        ("full", "KILLED"),  # it is not written any more, and shall not seem to go on
    ],
)
def test_a_run_of_mlflow_ends_however_the_training_does(ended: dict[str, str], name: str, status: str | None) -> None:
    assert ended.get(name) == status


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(self: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(module.Mlflow, "_open", failing)
    listener = PressesCtrlC(epoch=9)
    settings = {**FAST, "log": "mlflow", "epochs": 1}
    done = train(train_settings(data="digits", run=str(tmp_path / "a"), **settings), listener)
    assert done.card.training["finished"]
    told = [text for text in listener.said if text.startswith("note: mlflow")]
    assert told == [
        "note: mlflow is not written any more (OSError: no space left); metrics.csv has all, and a resumed run writes "
        "what is missing"
    ]


def test_what_is_not_there_or_unknown_is_told_before_data_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    hidden = ("tensorboard", "sqlalchemy")
    monkeypatch.setattr(
        "convsight.training.log.trackers.find_spec", lambda name: None if name in hidden else real(name)
    )
    for name, package in (("tensorboard", "tensorboard"), ("mlflow", "sqlalchemy")):
        with pytest.raises(UserError, match=rf'--log {name} needs {package}: pip install "\.\[log\]"'):
            convsight.train("no/such/data", log=name)
    with pytest.raises(UserError, match="log='wandb': give tensorboard or mlflow, or both with a comma between"):
        convsight.train("no/such/data", log="wandb")
