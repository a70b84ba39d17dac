"""Tracks and drawn videos on the disk: in place once they are whole, by one writer at a time."""

import stat
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.disk import Disk

from convsight.errors import UserError
from convsight.results import Boxes
from convsight.runtime.video_file import VideoFile
from convsight.tracking.tracked_frame import TrackedFrame
from convsight.tracking.tracker import Tracker
from convsight.tracking.tracks_file import TracksFile

Opened = Callable[[Path], AbstractContextManager[Any]]


def tracks(path: Path) -> TracksFile:
    return TracksFile(path)


def video(path: Path) -> VideoFile:
    return VideoFile(path, 10)


def add(file: Any, number: int) -> None:
    """The next frame of a file of either kind."""
    if isinstance(file, VideoFile):
        file.add(Image.new("RGB", (32, 32)))
        return
    boxes = Boxes.of(("cat",), (32, 32), [(1, 1, 9, 9)], [0], scores=[0.9])
    file.add(TrackedFrame(number, "a.png", Tracker().update(number, boxes), None, None))


both = pytest.mark.parametrize(("opened", "name"), [(tracks, "t.txt"), (video, "v.mp4")])


@both
def test_bytes_are_on_the_disk_before_the_name_and_the_name_in_the_end(
    opened: Opened, name: str, tmp_path: Path, disk: Disk
) -> None:
    with opened(tmp_path / name) as file:
        add(file, 1)
    events = [event for event in disk.events if event[0] != "unlink"]
    assert events == [("sync", f"{name}.part"), ("rename", name), ("sync", ".")]
    assert [path.name for path in tmp_path.iterdir()] == [name]


@both
def test_a_file_that_is_there_keeps_its_mode(opened: Opened, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"old")
    (tmp_path / name).chmod(0o600)
    with opened(tmp_path / name) as file:
        add(file, 1)
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert (tmp_path / name).read_bytes() != b"old"


@both
def test_two_calls_do_not_write_the_same_file(opened: Opened, name: str, tmp_path: Path) -> None:
    def second() -> None:
        with opened(tmp_path / name) as file:
            add(file, 1)

    with opened(tmp_path / name) as file:
        add(file, 1)
        with pytest.raises(UserError, match="is being written by another call"):
            second()
        add(file, 2)
    second()
    assert [path.name for path in tmp_path.iterdir()] == [name]
