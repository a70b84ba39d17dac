"""The command line, and every bad input that must end with exit code 2."""

import gc
import json
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.command import process, within

import convsight
from convsight.results import Label
from convsight.run import Run

SMALL = ("--net", "lecture3", "--size", "16")


@pytest.fixture
def trained(exported_run: Run) -> Path:
    return exported_run.path


def test_train_prints_one_json_document(photos: Path, tmp_path: Path) -> None:
    done = process("train", photos, *SMALL, "--epochs", "2", "--no-export", "--format", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert set(document) == {"version", "run", "metrics", "seconds"}
    assert document["run"] == str(Path("runs") / "photos")
    assert (tmp_path / "runs" / "photos" / "model.safetensors").is_file()
    assert set(document["metrics"]["test/accuracy"]) == {"value", "low", "high", "unit"}
    assert "epoch 2/2" in done.stderr


def test_evaluate_agrees_with_the_training(trained: Path) -> None:
    done = within("evaluate", trained, "--engine", "torch", "--format", "json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["metrics"]
    for name, measured in Run(trained).metrics.items():
        if name.startswith("test/") and "baseline" not in name:
            assert found[name]["value"] == pytest.approx(measured.value, abs=1e-6), name


def test_evaluate_matches_classes_by_name(trained: Path, tmp_path: Path) -> None:
    from sklearn.datasets import load_digits

    data = load_digits()
    for name in ("8", "3"):  # two classes of ten, in another order
        (tmp_path / "other" / name).mkdir(parents=True)
        for index in np.flatnonzero(data.target == int(name))[:30]:
            scan = (data.images[index] * 255 / 16).round().astype(np.uint8)
            Image.fromarray(scan).save(tmp_path / "other" / name / f"{index}.png")
    found = json.loads(within("evaluate", trained, tmp_path / "other", "--format", "json").stdout)
    assert found["pictures"] == 60
    assert found["metrics"]["test/accuracy"]["value"] > 0.7
    (tmp_path / "other" / "8").rename(tmp_path / "other" / "eight")
    wrong = within("evaluate", trained, tmp_path / "other")
    assert wrong.returncode == 2
    assert "eight" in wrong.stderr


def test_predict_in_every_format(trained: Path, photos: Path, tmp_path: Path) -> None:
    image = photos / "dark" / "0.png"
    lines = process("predict", trained, image, photos / "bright", "--format", "json").stdout.splitlines()
    assert len(lines) == 11
    first = json.loads(lines[0])
    assert first["file"] == str(image)
    assert len(first["labels"]) == 10
    assert sum(label["probability"] for label in first["labels"]) == pytest.approx(1, abs=1e-5)
    table = within("predict", trained, image).stdout
    assert table.startswith(f"{image}: {first['labels'][0]['name']} ")
    rows = within("predict", trained / "model.safetensors", image, "--format", "csv").stdout.splitlines()
    assert rows[0] == "file,label,probability,0,1,2,3,4,5,6,7,8,9,error"
    assert rows[1].split(",")[1] == first["labels"][0]["name"]


def test_a_bad_image_is_reported_in_its_place(trained: Path, photos: Path) -> None:
    bad = photos / "dark" / "1.png"
    bad.write_text("no image")
    done = within("predict", trained, photos / "dark" / "0.png", bad, photos / "dark" / "2.png", "--format", "json")
    assert done.returncode == 2
    predictions = [json.loads(line) for line in done.stdout.splitlines()]
    assert ["labels" in prediction for prediction in predictions] == [True, False, True]
    assert str(bad) in predictions[1]["error"]


def test_the_api_answers_as_the_command_line(trained: Path, photos: Path) -> None:
    label = convsight.load(trained).predict(photos / "dark" / "0.png")
    line = within("predict", trained, photos / "dark" / "0.png", "--format", "json").stdout
    assert json.loads(line)["labels"] == label.to_json()["labels"]
    assert isinstance(label, Label)
    assert [score.name for score in label.top(3)] == [x["name"] for x in json.loads(line)["labels"][:3]]


def spoil(photos: Path, name: str) -> list[str | Path]:
    """Arguments of a training that cannot work, after the photos were spoilt accordingly."""
    dark = photos / "dark"
    match name:
        case "missing folder":
            return [photos / "nowhere"]
        case "no images":
            shutil.rmtree(photos)
            (photos / "dark").mkdir(parents=True)
            (photos / "bright").mkdir()
        case "one class":
            shutil.rmtree(dark)
        case "class only in validation":
            (photos / "train").mkdir()
            (photos / "val" / "grey").mkdir(parents=True)
            for folder in ("dark", "bright"):
                shutil.copytree(photos / folder, photos / "val" / folder)
                (photos / folder).rename(photos / "train" / folder)
            shutil.copy(photos / "val" / "dark" / "0.png", photos / "val" / "grey" / "0.png")
        case "truncated jpeg":
            Image.open(dark / "0.png").resize((200, 200)).save(dark / "cut.jpg")
            (dark / "cut.jpg").write_bytes((dark / "cut.jpg").read_bytes()[:2000])
        case "text named jpg":
            (dark / "text.jpg").write_text("I am not an image")
        case "empty file":
            (dark / "empty.png").touch()
        case "400 megapixels":
            Image.new("1", (20_000, 20_000)).save(dark / "huge.png")
        case "missing column":
            (photos / "list.csv").write_text("path,colour\ndark/0.png,dark\n")
            return [photos / "list.csv"]
        case "path that is not there":
            (photos / "list.csv").write_text("path,label\ndark/0.png,dark\ndark/99.png,dark\nbright/1.png,bright\n")
            return [photos / "list.csv"]
        case "unknown net":
            return [photos, "--net", "resnet81"]
        case "too small":
            return [photos, "--net", "alexnet", "--size", "32"]
        case "both lengths":
            return [photos, "--epochs", "3", "--minutes", "1"]
        case "no epoch":
            return [photos, "--epochs", "0"]
    return [photos]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing folder", ["nowhere"]),
        ("no images", ["photos"]),
        ("one class", ["bright", "one class"]),
        ("class only in validation", ["grey"]),
        ("truncated jpeg", ["cut.jpg", "--skip-unreadable"]),
        ("text named jpg", ["text.jpg", "--skip-unreadable"]),
        ("empty file", ["empty.png", "--skip-unreadable"]),
        ("400 megapixels", ["huge.png", "20000 x 20000", "--max-megapixels"]),
        ("missing column", ["label", "colour"]),
        ("path that is not there", ["99.png", "line 3"]),
        ("unknown net", ["resnet81", "resnet18"]),
        ("too small", ["alexnet", "63", "32"]),
        ("both lengths", ["--epochs", "--minutes"]),
        ("no epoch", ["epochs"]),
    ],
)
def test_bad_input_is_named_and_leaves_nothing(photos: Path, tmp_path: Path, name: str, message: list[str]) -> None:
    arguments = spoil(photos, name)
    where = tmp_path / "here"
    where.mkdir()
    done = within(
        "train", *arguments, "--no-export", *([] if "--epochs" in arguments else ["--epochs", "1"]), cwd=where
    )
    assert done.returncode == 2, done.stderr
    for part in message:
        assert part in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert list(where.iterdir()) == []


def test_labels_out_of_range_in_idx(tmp_path: Path) -> None:
    for part, label in (("train", 3), ("t10k", 9)):
        images = np.zeros((20, 8, 8), np.uint8)
        header = bytes([0, 0, 8, 3]) + b"".join(n.to_bytes(4, "big") for n in images.shape)
        (tmp_path / f"{part}-images-idx3-ubyte").write_bytes(header + images.tobytes())
        labels = np.arange(20, dtype=np.uint8) % (label + 1)
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 20]) + labels.tobytes())
    done = within("train", tmp_path, "--no-export", "--epochs", "1", cwd=tmp_path)
    assert done.returncode == 2
    assert "t10k-labels-idx1-ubyte" in done.stderr
    assert not (tmp_path / "runs").exists()


def test_a_read_only_place_for_runs(photos: Path) -> None:
    # Nothing can be made under /proc, not even by root.
    done = within("train", photos, "--epochs", "1", "--size", "16", "--run", "/proc/convsight/run")
    assert done.returncode == 2
    assert "/proc/convsight/run" in done.stderr
    assert "--run" in done.stderr


def test_a_full_disk(photos: Path, tmp_path: Path) -> None:
    # A limit on the size of files stops writes as a full disk does; settings fit under it, figures do not.
    train = f"{sys.executable} -m convsight train {photos} {' '.join(SMALL)} --epochs 1 --run {tmp_path}/run"
    command = ["bash", "-c", f"trap '' XFSZ; ulimit -f 20; exec {train}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 2, done.stderr
    assert re.search(r"/run/[\w.]+: File too large; free some space", done.stderr)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a model file"),
        (b"hello, this is text", "not a model file"),
        (pickle.dumps({"weight": 1}), "pickle"),
        (b"PK\x03\x04" + bytes(100), "pickle"),
    ],
)
def test_foreign_model_files_are_refused(tmp_path: Path, photos: Path, content: bytes, message: str) -> None:
    file = tmp_path / "model.safetensors"
    file.write_bytes(content)
    done = within("predict", file, photos)
    assert done.returncode == 2
    assert str(file) in done.stderr
    assert message in done.stderr


def test_a_model_file_cut_short(trained: Path, tmp_path: Path, photos: Path) -> None:
    whole = (trained / "model.safetensors").read_bytes()
    for length in (len(whole) - 1, len(whole) // 2, 100, 4):
        file = tmp_path / "model.safetensors"
        file.write_bytes(whole[:length])
        done = within("predict", file, photos)
        assert done.returncode == 2
        assert "cut short" in done.stderr


def test_ctrl_c_keeps_the_best_and_exits_with_130(tmp_path: Path) -> None:
    run = tmp_path / "run"
    command = [sys.executable, "-m", "convsight", "train", "digits", "--net", "lecture3", "--size", "14"]
    process = subprocess.Popen(
        [*command, "--epochs", "100000", "--run", str(run)], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        wait_for(run / "checkpoint" / "state.safetensors")
        os.kill(process.pid, signal.SIGINT)
        _, words = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert f"convsight train --resume {run}" in words
    assert "Traceback" not in words
    assert convsight.load(run).card.training["finished"] is False


def wait_for(file: Path) -> None:
    """Until `file` is there; at most two minutes."""
    for _ in range(1200):
        if file.exists():
            return
        time.sleep(0.1)
    raise AssertionError(f"{file} did not appear")


def test_a_call_looks_for_garbage_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr("convsight.cli.app", lambda **_: seen.append(gc.get_threshold()[0]))
    before = gc.get_threshold()
    within()
    assert seen[0] > 2 * before[0]
    assert gc.get_threshold() == before


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, convsight, convsight.cli; print([m for m in ('torch', 'numpy', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_of_train_shows_every_setting() -> None:
    from convsight.settings import TrainSettings

    words = within("train", "--help").stdout
    for name in TrainSettings.model_fields:
        assert name in ("data", "own", "given") or f"--{name.replace('_', '-')}" in words


def test_kept_features_are_told_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVSIGHT_FEATURES", str(tmp_path))
    (tmp_path / "network").mkdir()
    (tmp_path / "network/view-1.npy").write_bytes(bytes(1000))
    assert json.loads(within("features", "--format", "json").stdout)["bytes"] == 1000
    assert "removed from" in within("features", "--clear").stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("verb", ["augment", "lr-find"])
def test_a_verb_without_its_data_says_what_is_missing(verb: str, tmp_path: Path) -> None:
    done = within(verb, cwd=tmp_path)
    assert done.returncode == 2
    assert "Missing argument 'data'" in done.stderr
