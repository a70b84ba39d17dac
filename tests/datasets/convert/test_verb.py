"""`convsight convert`."""

import json
from pathlib import Path

from tests.command import within


def test_there_and_back(tmp_path: Path) -> None:
    there = within("convert", "shapes", tmp_path / "yolo", "--to", "yolo")
    assert there.returncode == 0, there.stderr
    images, boxes = 600, there.stdout.split(" with ")[1]
    assert there.stdout.startswith(f"{tmp_path / 'yolo'}: {images} images with ")
    assert "outlines are lost" in there.stderr
    back = within("convert", tmp_path / "yolo", tmp_path / "coco", "--to", "coco", "--link", "--format", "json")
    assert back.returncode == 0, back.stderr
    document = json.loads(back.stdout)
    assert f"{document['boxes']:,} boxes\n" == boxes
    assert document == {
        "version": 1,
        "folder": str(tmp_path / "coco"),
        "format": "coco",
        "pictures": 600,
        "boxes": document["boxes"],
        "lost": [],
    }


def test_bad_input(tmp_path: Path, photos: Path) -> None:
    labels = within("convert", photos, tmp_path / "out", "--to", "coco")
    assert labels.returncode == 2
    assert "holds targets of classification, not boxes" in labels.stderr
    there = within("convert", "shapes", photos, "--to", "coco")
    assert there.returncode == 2
    assert "is there already" in there.stderr
    unknown = within("convert", "shapes", tmp_path / "out", "--to", "pascal")
    assert unknown.returncode == 2
    assert list(tmp_path.iterdir()) == [photos]
