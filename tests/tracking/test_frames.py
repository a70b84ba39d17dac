"""Frames in the order in which they were taken."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convsight.errors import UserError
from convsight.tracking.frames import read_frames
from convsight.tracking.moving_shapes import MovingShapes, write_video


def save(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((4, 4), np.uint8)).save(folder / name)


def names(source: str | Path, every: int = 1) -> list[str]:
    return [Path(item.name).name for item in read_frames(str(source), every).items]


def test_numbers_in_names_count(tmp_path: Path) -> None:
    save(tmp_path, "f10.png", "f9.png", "f1.png", "f100.png")
    assert names(tmp_path) == names(f"{tmp_path}/f*.png") == ["f1.png", "f9.png", "f10.png", "f100.png"]
    assert names(tmp_path, every=2) == ["f1.png", "f10.png"]
    assert read_frames(str(tmp_path), 2).rate == 15


def test_the_rate_of_a_video(tmp_path: Path) -> None:
    write_video(MovingShapes(length=4), tmp_path / "clip.mp4", tmp_path / "gt.txt", rate=12.5)
    assert read_frames(f"{tmp_path}/clip.mp4").rate == pytest.approx(12.5)
    assert read_frames(f"{tmp_path}/clip.mp4", 5).rate == pytest.approx(2.5)
    assert names(tmp_path / "clip.mp4", every=3) == ["clip.mp4#frame=0", "clip.mp4#frame=3"]


def test_what_is_no_video_and_no_frames_is_said(tmp_path: Path) -> None:
    save(tmp_path, "photo.png")
    (tmp_path / "empty").mkdir()
    write_video(MovingShapes(length=2), tmp_path / "clip.mp4", tmp_path / "gt.txt")
    for source, words in (
        (tmp_path / "nowhere", "does not exist"),
        (tmp_path / "empty", "holds no images"),
        (tmp_path / "photo.png", "is no video"),
        (tmp_path / "*.jpg", "holds no images"),
        (tmp_path / "*", "names the video .*clip.mp4; give it by its name"),
        ("ftp://example.org/clip.mp4", "does not exist"),
    ):
        with pytest.raises(UserError, match=words):
            read_frames(str(source))
    with pytest.raises(UserError, match="--every 0"):
        read_frames(str(tmp_path), 0)
