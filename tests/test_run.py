import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from tests.disk import Disk

from convsight.errors import UserError
from convsight.run import Run, find_model_file, find_weights_file
from convsight.settings import TrainSettings
from convsight.tasks.choices import for_task, train_settings


def test_names_lie_under_runs_and_paths_where_they_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Run.create(None, "photos").path == Path("runs/photos")
    assert Run.create("cats", "photos").path == Path("runs/cats")
    assert Run.create("cats", "photos").path == Path("runs/cats-2")
    assert Run.create("cats", "photos").path == Path("runs/cats-3")
    assert Run.create(f"{tmp_path}/elsewhere/x", "photos").path == tmp_path / "elsewhere" / "x"


def test_the_names_of_a_new_run_are_on_the_disk(tmp_path: Path, disk: Disk) -> None:
    Run.create(f"{tmp_path}/runs/a", "photos")
    assert disk.events == [("sync", "."), ("sync", "runs")]
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"cannot make the run folder .*file/a: File exists; .* with --run"):
        Run.create(f"{tmp_path}/file/a", "photos")


@pytest.mark.parametrize("name", ["", ".", "..", "./", "/", "a/.."])
def test_a_name_that_is_none_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="give a name, or a path that ends in one"):
        Run.create(name, "photos")
    assert list(tmp_path.iterdir()) == []


def test_settings_come_back_as_they_were(tmp_path: Path) -> None:
    run = Run.create(f"{tmp_path}/a", "photos")
    settings = TrainSettings.of(data="photos", minutes=2.5, flip="both", workers=3)
    run.save_settings(settings, {"batch": 32, "epochs": None})
    assert run.settings() == (settings, {"batch": 32})


def test_the_settings_of_a_task_are_a_table_of_their_own(tmp_path: Path) -> None:
    settings = for_task(train_settings(data="x", mosaic=0.25), "detection")
    run = Run(tmp_path)
    run.save_settings(settings, {})
    stored = tomllib.loads((tmp_path / "settings.toml").read_text())["settings"]
    assert stored["detection"]["mosaic"] == 0.25
    assert "mosaic" not in stored
    assert run.settings()[0] == settings


def test_settings_of_an_older_run_lie_beside_one_another(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('[settings]\ndata = "x"\nmosaic = 0.25\nlabel_smoothing = 0.1\n')
    settings, _ = Run(tmp_path).settings()
    assert settings.own == {"mosaic": 0.25, "label_smoothing": 0.1}
    assert for_task(settings, "detection").own["mosaic"] == 0.25


def test_settings_are_read_as_they_were_written_in_any_locale(tmp_path: Path) -> None:
    run = Run.create(f"{tmp_path}/a", "photos")
    run.save_settings(TrainSettings.of(data="größe/蝶"), {})
    plain = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    script = "import sys, convsight.run as r; print(ascii(r.Run.open(sys.argv[1]).settings()[0].data))"
    command = [sys.executable, "-c", script, str(run.path)]
    done = subprocess.run(command, capture_output=True, text=True, env=plain, timeout=240, check=False)
    assert done.stdout == ascii("größe/蝶") + "\n", done.stderr


def test_damaged_settings_name_the_file(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("settings = [")
    with pytest.raises(UserError, match=r"settings\.toml"):
        Run.open(tmp_path).settings()


def test_what_is_no_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a run folder"):
        Run.open(tmp_path)
    with pytest.raises(UserError, match=r"no model\.safetensors"):
        find_model_file(tmp_path)
    with pytest.raises(UserError, match="does not exist"):
        find_model_file(tmp_path / "nothing")
    with pytest.raises(UserError, match="no model yet"):
        _ = Run.create(f"{tmp_path}/a", "photos").metrics


def test_the_files_of_a_run_have_these_names(tmp_path: Path) -> None:
    run = Run(tmp_path)
    files = (run.model_file, run.exported_file, run.int8_file, run.splits_file, run.checkpoint_file)
    assert [str(file.relative_to(tmp_path)) for file in files] == [
        "model.safetensors",
        "model.onnx",
        "model.int8.onnx",
        "splits.csv",
        f"checkpoint{os.sep}state.safetensors",
    ]


def test_rows_and_words_are_kept(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.save_rows([{"epoch": 1, "loss": 2.5}, {"epoch": 2, "val": 0.5}])
    assert (tmp_path / "metrics.csv").read_text() == "epoch,loss,val\n1,2.5,\n2,,0.5\n"
    run.log("one\n")
    run.log("two")
    assert (tmp_path / "log.txt").read_text() == "one\ntwo\n"
    with pytest.raises(UserError, match=r"cannot write .*log\.txt: No such file"):
        Run(tmp_path / "gone").log("three")


def test_a_task_without_choices_of_its_own_has_no_table(tmp_path: Path) -> None:
    Run(tmp_path).save_settings(TrainSettings.of(data="x", task="detection"), {})
    assert "detection" not in tomllib.loads((tmp_path / "settings.toml").read_text())["settings"]


def test_which_run_a_network_is_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("runs/a", "runs/b", "b", "runs/c", "runs/d"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "settings.toml").touch()
    for name, file in (("c", "model.onnx"), ("d", "model.safetensors"), ("e", "model.safetensors")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).touch()
    (tmp_path / "f").mkdir()
    (tmp_path / "runs" / "f").touch()
    assert Run.of_network("a") == Run(Path("runs/a"))
    assert Run.of_network("b") == Run(Path("b"))
    for alone in ("c", "d", "e", "e/model.safetensors", "f", "nothing"):
        assert Run.of_network(alone) is None


def test_which_file_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "runs" / "a" / "model.safetensors"
    file.parent.mkdir(parents=True)
    file.touch()
    file.with_suffix(".onnx").touch()
    for named in ("a", "runs/a", file.parent, file):
        assert find_model_file(named).resolve() == find_weights_file(named).resolve() == file
    assert find_model_file(file.with_suffix(".onnx")) == file.with_suffix(".onnx")
    with pytest.raises(UserError, match="is an exported file; give the run"):
        find_weights_file(file.with_suffix(".onnx"))
