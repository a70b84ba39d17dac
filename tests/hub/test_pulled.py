"""A pulled folder holds a network and neither settings nor splits; every verb takes it all the same."""

import json
import shutil
from pathlib import Path

import pytest
from tests.command import Done, within

from convsight.hub.pull import pull
from convsight.hub.push import push
from convsight.progress import Silent
from convsight.run import Run
from convsight.serve.served_models import load_models


@pytest.fixture(scope="module")
def pulled(exported_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Not to be changed."""
    folder = tmp_path_factory.mktemp("hub")
    push(exported_run.path, str(folder / "pushed"), Silent())
    return pull(str(folder / "pushed"), folder / "theirs").folder


@pytest.fixture
def graph_alone(pulled: Path, tmp_path: Path) -> Path:
    """What somebody pushed who wanted to share the graph and not the weights."""
    folder = tmp_path / "graph"
    folder.mkdir()
    shutil.copyfile(pulled / "model.onnx", folder / "model.onnx")
    return folder


def done(*arguments: str | Path, cwd: Path | None = None) -> Done:
    found = within(*arguments, cwd=cwd)
    assert found.returncode == 0, found.stderr
    return found


def test_it_is_judged_on_data(pulled: Path, exported_run: Run) -> None:
    found = done("evaluate", pulled, "digits", "--format", "json")
    document = json.loads(found.stdout)
    assert document["pictures"] == sum(exported_run.card.data["pictures"].values())
    assert document["metrics"]["train/accuracy"]["value"] > exported_run.metrics["test/accuracy"].value - 0.1
    assert "was trained and chosen on most images of digits, so that this is no test" in found.stderr


def test_without_data_it_says_what_to_give(pulled: Path, tmp_path: Path) -> None:
    for arguments, words in (
        (("evaluate", pulled), "holds a network without the data it was trained on: give the data to judge it on"),
        (("export", pulled, "--out", tmp_path / "x.onnx"), "name real images for the proof with --data"),
        (("train", "--resume", pulled), "is not a run folder"),
    ):
        found = within(*arguments)
        assert (found.returncode, "Traceback" in found.stderr) == (2, False)
        assert words in found.stderr


def test_it_answers_and_is_served(pulled: Path, photos: Path) -> None:
    assert len(done("predict", pulled, photos).stdout.splitlines()) >= 20
    [(name, model)] = load_models([str(pulled)]).items()
    assert (name, model.card.net) == ("theirs", "small")


def test_it_is_exported_with_images(pulled: Path, photos: Path, tmp_path: Path) -> None:
    done("export", pulled, "--data", photos, "--out", tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").is_file()


def test_it_is_described_and_pushed_on(pulled: Path, exported_run: Run, tmp_path: Path) -> None:
    described = json.loads(done("describe", pulled, "--format", "json").stdout)
    assert described == json.loads(done("describe", exported_run.path, "--format", "json").stdout) | {
        "net": described["net"]
    }
    done("push", pulled, tmp_path / "on")
    assert (tmp_path / "on" / "model.safetensors").read_bytes() == exported_run.model_file.read_bytes()


def test_a_graph_alone_does_what_a_graph_can(graph_alone: Path, photos: Path, tmp_path: Path) -> None:
    assert len(done("predict", graph_alone, photos).stdout.splitlines()) >= 20
    done("evaluate", graph_alone, "digits")
    assert "small" in done("describe", graph_alone).stdout
    for verb, last in (("push", tmp_path / "new"), ("export", "--data=photos")):
        found = within(verb, graph_alone, last)
        assert found.returncode == 2
        assert "holds no model.safetensors" in found.stderr


def test_of_two_networks_of_one_name_the_splits_are_not_mixed(
    pulled: Path, exported_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`x` is ./x, which was pulled, though runs/x has splits."""
    shutil.copytree(pulled, tmp_path / "x")
    shutil.copytree(exported_run.path, tmp_path / "runs" / "x")
    assert json.loads(done("evaluate", "x", "digits", "--format", "json", cwd=tmp_path).stdout)["pictures"] == 1797
    shutil.rmtree(tmp_path / "x")
    judged = json.loads(done("evaluate", "x", "digits", "--format", "json", cwd=tmp_path).stdout)
    assert judged["pictures"] == exported_run.card.data["pictures"]["test"]


@pytest.mark.parametrize("verb", ["push", "export"])
def test_an_exported_file_is_not_exported_again(exported_run: Run, verb: str, tmp_path: Path) -> None:
    found = within(verb, exported_run.exported_file, *([tmp_path / "x"] if verb == "push" else ["--data", "digits"]))
    assert found.returncode == 2
    assert "is an exported file; give the run, or the model.safetensors beside it" in found.stderr
