"""`convsight convert` as a real process."""

import json
import subprocess
import sys
from pathlib import Path


def run_convert(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "convsight", "convert", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd="/")


def test_there_and_back(tmp_path: Path) -> None:
    there = run_convert("shapes", tmp_path / "yolo", "--to", "yolo")
    assert there.returncode == 0, there.stderr
    pictures, boxes = 600, there.stdout.split(" with ")[1]
    assert there.stdout.startswith(f"{tmp_path / 'yolo'}: {pictures} pictures with ")
    assert "outlines are lost" in there.stderr
    back = run_convert(tmp_path / "yolo", tmp_path / "coco", "--to", "coco", "--link", "--format", "json")
    assert back.returncode == 0, back.stderr
    document = json.loads(back.stdout)
    assert f"{document['boxes']:,} boxes\n" == boxes
    assert document == {
        "folder": str(tmp_path / "coco"),
        "format": "coco",
        "pictures": 600,
        "boxes": document["boxes"],
        "lost": [],
    }


def test_bad_input(tmp_path: Path, photos: Path) -> None:
    labels = run_convert(photos, tmp_path / "out", "--to", "coco")
    assert labels.returncode == 2
    assert "holds the truth of classification, not boxes" in labels.stderr
    there = run_convert("shapes", photos, "--to", "coco")
    assert there.returncode == 2
    assert "is there already" in there.stderr
    unknown = run_convert("shapes", tmp_path / "out", "--to", "pascal")
    assert unknown.returncode == 2
    assert list(tmp_path.iterdir()) == [photos]
