"""`convsight predict` as a real process: killed, interrupted, read from and written to by others."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image
from tests.command import within

from convsight.export.onnx_graph import with_card
from convsight.model_files import read_card
from convsight.run import Run
from convsight.targets import Classes

PREDICT = [sys.executable, "-m", "convsight", "predict"]
SAID = b"lecture3, run by openvino in "  # the one line of a call that has nothing else to tell


@pytest.fixture
def model_file(photos_run: Run) -> Path:
    """A small network that tells dark images from bright ones, exported, so that processes start fast."""
    return photos_run.exported_file


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 5,000 names of 50 images."""
    return named(tmp_path_factory.mktemp("many"), 5000)


@pytest.fixture(scope="module")
def enough(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 2,000 names of 50 images: a job on them can be stopped in its middle."""
    return named(tmp_path_factory.mktemp("enough"), 2000)


def named(folder: Path, count: int) -> Path:
    for number in range(50):
        noise = np.random.default_rng(number).integers(0, 255, (20, 20), np.uint8)
        Image.fromarray(noise).save(folder / f"{number:04d}.png")
    for number in range(50, count):
        os.link(folder / f"{number % 50:04d}.png", folder / f"{number:04d}.png")
    return folder


def predict(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*PREDICT, *map(str, arguments)], input=stdin, capture_output=True, timeout=240, check=False)


def grown(file: Path, size: int) -> bool:
    return file.exists() and file.stat().st_size > size


@pytest.mark.parametrize(
    ("suffix", "stop", "code"),
    [(".csv", signal.SIGKILL, -9), pytest.param(".jsonl", signal.SIGINT, 130, marks=pytest.mark.slow)],
)
def test_a_job_that_was_stopped_goes_on(
    model_file: Path, enough: Path, tmp_path: Path, suffix: str, stop: signal.Signals, code: int
) -> None:
    out = tmp_path / f"parts{suffix}"
    command = [*PREDICT, str(model_file), str(enough), "--out", str(out)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 120
        while not grown(out, 20_000) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        process.send_signal(stop)
        _, words = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == code, words
    assert "Traceback" not in words
    if code == 130:
        assert "the same command goes on" in words
    done = predict(model_file, enough, "--out", out)
    assert done.returncode == 0, done.stderr
    assert b"predicted already" in done.stderr
    whole = tmp_path / f"whole{suffix}"
    assert predict(model_file, enough, "--out", whole).returncode == 0
    assert out.read_bytes().splitlines()[:20] == whole.read_bytes().splitlines()[:20]
    same = out.read_bytes() == whole.read_bytes()
    assert same  # the difference of megabytes would take minutes to tell
    assert out.read_bytes().count(b"\n") == 2000 + (suffix == ".csv")


def test_a_line_is_answered_before_the_next_one_is_sent(model_file: Path, photos: Path) -> None:
    process = subprocess.Popen(
        [*PREDICT, str(model_file), "-", "--format", "json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        for name in ("0.png", "nowhere.png", "3.png"):
            process.stdin.write(f"{photos}/dark/{name}\n".encode())
            process.stdin.flush()
            prediction = json.loads(process.stdout.readline())
            assert prediction["file"] == f"{photos}/dark/{name}"
            assert ("labels" in prediction) == (name != "nowhere.png")
        process.stdin.close()
        assert process.wait(60) == 2


def test_ctrl_c_while_it_waits_for_lines(model_file: Path, photos: Path) -> None:
    process = subprocess.Popen(
        [*PREDICT, str(model_file), "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        process.stdin.write(f"{photos}/dark/0.png\n".encode())
        process.stdin.flush()
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr is not None
        words = process.stderr.read()
        assert words.startswith(SAID)
        assert words.count(b"\n") == 1


def test_an_image_on_standard_input(model_file: Path, photos: Path) -> None:
    file = photos / "dark" / "0.png"
    done = predict(model_file, "-", "--format", "json", stdin=file.read_bytes())
    named = predict(model_file, file, "--format", "json")
    assert json.loads(done.stdout) == json.loads(named.stdout) | {"file": "-"}


def test_a_reader_who_leaves_is_no_error(model_file: Path, many: Path) -> None:
    process = subprocess.Popen([*PREDICT, str(model_file), str(many)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    with process:
        assert process.stdout.readline().startswith(str(many).encode())
        process.stdout.close()
        assert process.wait(60) == 0
        assert process.stderr is not None
        words = process.stderr.read()
        assert words.startswith(SAID)
        assert words.count(b"\n") == 1


def test_unsure_predictions_and_drawings(model_file: Path, photos: Path, tmp_path: Path) -> None:
    arguments: list[str | Path] = [model_file, photos / "dark", "--reject-below", "1", "--draw", tmp_path / "drawn"]
    predictions = [json.loads(line) for line in within("predict", *arguments, "--format", "json").stdout.splitlines()]
    assert [(prediction["label"], prediction["rejected"]) for prediction in predictions] == [(None, True)] * 10
    assert len(list((tmp_path / "drawn").glob("*.jpg"))) == 10
    rows = within("predict", *arguments, "--format", "csv").stdout.splitlines()
    assert all(row.split(",")[1] == "" for row in rows[1:])
    assert ": unsure: " in within("predict", *arguments).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--reject-below", "1.5"], "--reject-below 1.5"),
        (["--reject-below", "nan"], "--reject-below nan"),
        (["--every", "0"], "--every 0"),
        (["--out", "answers.txt"], ".csv, .jsonl, .parquet"),
    ],
)
def test_bad_input(model_file: Path, photos: Path, arguments: list[str], message: str) -> None:
    done = within("predict", model_file, photos, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_two_calls_do_not_write_one_file(model_file: Path, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.csv"
    command = [*PREDICT, str(model_file), "-", "--out", str(out)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as first:
        assert first.stdin is not None
        first.stdin.write(f"{photos}/dark/0.png\n".encode())
        first.stdin.flush()
        deadline = time.monotonic() + 60
        while not grown(out, 10) and time.monotonic() < deadline:
            time.sleep(0.02)
        second = predict(model_file, photos, "--out", out)
        assert second.returncode == 2
        assert b"is being written by another call" in second.stderr
        first.stdin.close()
        assert first.wait(60) == 0
    assert len(out.read_bytes().splitlines()) == 2
    assert not out.with_name("r.csv.lock").exists()


def test_another_model_is_refused(model_file: Path, photos: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.onnx"
    card = read_card(model_file).model_copy(update={"target": Classes(names=("light", "dark"))})
    other.write_bytes(with_card(onnx.load(model_file), card))
    out = tmp_path / "r.csv"
    assert within("predict", model_file, photos, "--out", out).returncode == 0
    before = out.read_bytes()
    done = within("predict", other, photos, "--out", out)
    assert done.returncode == 2
    assert f"{out} was written with another" in done.stderr
    assert out.read_bytes() == before


def peak_mib(*arguments: str | Path) -> float:
    """The most memory that a process had, as its system says."""
    process = subprocess.Popen([*PREDICT, *map(str, arguments)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss / 1024


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux only")
def test_memory_does_not_grow_with_the_number_of_images(model_file: Path, many: Path) -> None:
    few = peak_mib(model_file, f"{many}/00*.png", f"{many}/01*.png")  # 200
    assert peak_mib(model_file, many) < few + 25
