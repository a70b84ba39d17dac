"""`convsight explain` as users call it."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.command import Done, within

from convsight.explain.importance_map import SUFFIXES
from convsight.run import Run

QUICK = ["--window", "8", "--stride", "8"]


def documents(done: Done) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_maps_are_written_and_told_one_line_each(photos_run: Run, photos: Path, tmp_path: Path) -> None:
    file = photos / "dark" / "0.png"
    arguments: list[str | Path] = [photos_run.path, file, "--method", "occlusion,gradcam", "--out", tmp_path / "maps"]
    found = documents(within("explain", *arguments, "--target", "dark", "--format", "json"))
    assert [(each["file"], each["method"], each["about"]) for each in found] == [
        (str(file), "occlusion", "dark"),
        (str(file), "gradcam", "dark"),
    ]
    names = [f"0.{method}.{suffix}" for method in ("occlusion", "gradcam") for suffix in SUFFIXES] + ["0.sheet.png"]
    assert sorted(path.name for path in (tmp_path / "maps").iterdir()) == sorted(names)
    assert [Path(path).name for each in found for path in each["files"]] == names
    assert np.load(tmp_path / "maps" / "0.gradcam.npy").shape == (20, 20)
    assert json.loads((tmp_path / "maps" / "0.gradcam.json").read_text())["settings"] == found[1]["settings"]
    again = within("explain", *arguments, "--target", "dark")
    assert "0-2.occlusion.png" in again.stdout
    assert "all in" in again.stdout
    for suffix in ("npy", "png", "map.png"):
        first, second = (tmp_path / "maps" / f"{stem}.occlusion.{suffix}" for stem in ("0", "0-2"))
        assert first.read_bytes() == second.read_bytes()


def test_every_source_has_its_own_files_in_one_order(photos_run: Run, photos: Path, tmp_path: Path) -> None:
    (photos / "dark" / "1.png").write_bytes(b"no image")
    call = ["explain", str(photos_run.exported_file), f"{photos}/*/[01].png", "nowhere.png", *QUICK]
    call += ["--target", "dark", "--format", "json"]
    done = within(*call, "--out", tmp_path / "maps")
    assert done.returncode == 2
    found = documents(done)
    assert [each["file"] for each in found] == [
        f"{photos}/bright/0.png",
        f"{photos}/bright/1.png",
        f"{photos}/dark/0.png",
        f"{photos}/dark/1.png",
        "nowhere.png",
    ]
    assert ["error" in each for each in found] == [False, False, False, True, True]
    assert [each["about"] for each in found[:3]] == ["dark"] * 3
    assert "1.png" in found[3]["error"]
    assert [Path(each["files"][0]).name for each in found[:3]] == [
        "0.occlusion.png",
        "1.occlusion.png",
        "0-2.occlusion.png",
    ]
    values = [np.load(Path(each["files"][2])) for each in found[:3]]
    assert not np.array_equal(values[0], values[2])
    table = within(*call[:-2], "--out", tmp_path / "again")
    assert [line.partition(": ")[0] for line in table.stdout.splitlines()] == [each["file"] for each in found]
    assert ": error: " in table.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--method", "occlusion,gradcm"], "unknown method 'gradcm'; did you mean gradcam"),
        (["--method", "gradcam", "--layer", "layer1"], "unknown layer 'layer1'"),
        (["--method", "saliency", "--window", "4"], "--window does nothing for saliency"),
        (["--target", "drak"], "unknown class 'drak'; did you mean dark"),
        (["--method", "occlusion", "--window", "50"], "--window 50"),
        (["--out", "{photos}/dark/maps"], "whose images are read; choose a folder elsewhere"),
    ],
)
def test_bad_input_is_told_before_anything_is_written(
    photos_run: Run, photos: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    given = [each.replace("{photos}", str(photos)) for each in arguments]
    out = [] if "--out" in given else ["--out", str(tmp_path / "maps")]
    done = within("explain", photos_run.path, photos / "dark", *given, *out)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not list((tmp_path / "maps").glob("*"))


def test_an_exported_file_has_no_gradients(photos_run: Run, photos: Path, tmp_path: Path) -> None:
    file, out = photos / "dark" / "0.png", tmp_path / "maps"
    done = within("explain", photos_run.exported_file, file, "--method", "occlusion,gradcam", "--out", out)
    assert done.returncode == 2
    assert "model.safetensors beside it" in done.stderr
    assert not out.exists()


@pytest.mark.slow
def test_a_picture_on_standard_input(photos_run: Run, photos: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "convsight", "explain", str(photos_run.exported_file), "-", *QUICK]
    content = (photos / "dark" / "0.png").read_bytes()
    done = subprocess.run(
        [*command, "--out", str(tmp_path)], input=content, capture_output=True, timeout=200, check=True
    )
    assert done.stdout.startswith(b"-: occlusion: ")
    assert len(list(tmp_path.glob("picture.occlusion.*"))) == len(SUFFIXES)


def test_ctrl_c_leaves_finished_maps_whole(photos_run: Run, photos: Path, tmp_path: Path) -> None:
    for number in range(300):
        Image.fromarray(np.full((40, 40, 3), number % 256, np.uint8)).save(photos / f"{number:03d}.png")
    out = tmp_path / "maps"
    command = [
        sys.executable,
        "-m",
        "convsight",
        "explain",
        str(photos_run.exported_file),
        str(photos),
        "--out",
        str(out),
    ]
    process = subprocess.Popen([*command, "--stride", "1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 200
        while len(list(out.glob("*.json"))) < 3 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        told, words = process.communicate(timeout=100)
    finally:
        process.kill()
    assert process.returncode == 130, words
    assert "Traceback" not in words
    stems = {path.name.partition(".")[0] for path in out.iterdir()}
    assert f"stopped; {len(stems)} maps finished before, in {out}" in words
    assert 2 <= len(stems) < 300
    assert sorted(path.name for path in out.iterdir()) == sorted(
        f"{stem}.occlusion.{suffix}" for stem in stems for suffix in SUFFIXES
    )
    assert len(stems) - 1 <= len(told.splitlines()) <= len(stems)
