"""Tracks drawn on frames, and frames written as a video."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convsight.errors import UserError
from convsight.results import Boxes
from convsight.results.drawing import colour_of
from convsight.runtime.sources import read_sources
from convsight.runtime.video_file import VideoFile
from convsight.tracking import Tracked
from convsight.tracking.trails import Trails

BLACK = Image.new("RGB", (200, 100))


def tracked(frame: int, **lefts: int) -> Tracked:
    """Boxes of 10 x 10 px, 60 px from the top; `t3=50` is track 3."""
    xyxy = [(left, 60, left + 10, 70) for left in lefts.values()]
    numbers = np.array([int(name[1:]) for name in lefts], np.int64)
    boxes = Boxes.of(("thing",), (200, 100), xyxy, [0] * len(lefts), columns={"track": numbers})
    return Tracked(frame, boxes)


def shown(image: Image.Image, number: int) -> set[tuple[int, int]]:
    """Where the colour of a track is, as (row, column)."""
    colour = np.array([int(colour_of(number)[place : place + 2], 16) for place in (1, 3, 5)])
    return {(row, column) for row, column in np.argwhere((np.asarray(image) == colour).all(axis=2)).tolist()}


def test_a_trail_goes_back_thirty_frames_and_no_further() -> None:
    trails = Trails()
    drawn = [trails.draw(BLACK, tracked(frame, t1=3 * frame)) for frame in range(1, 51)]
    middle = {column for row, column in shown(drawn[-1], 1) if row == 65}
    assert min(middle) == 3 * 21 + 5
    assert set(range(68, 155)) <= middle
    assert min(column for row, column in shown(drawn[0], 1) if row == 65) == 3  # the box alone
    assert (np.asarray(BLACK) == 0).all()


def test_each_track_has_its_colour_and_what_is_gone_has_no_trail() -> None:
    trails = Trails()
    trails.draw(BLACK, tracked(1, t1=10, t2=100))
    both = trails.draw(BLACK, tracked(2, t1=14, t2=104))
    assert shown(both, 1)
    assert shown(both, 2)
    one = trails.draw(BLACK, tracked(3, t2=108))
    assert not shown(one, 1)
    assert shown(one, 2)
    assert (np.asarray(trails.draw(BLACK, tracked(4))) == 0).all()
    for frame in range(5, 40):
        trails.draw(BLACK, tracked(frame))
    assert not trails._spots  # nothing is kept of what is long gone


def levels(video: Path) -> list[np.ndarray]:
    return [np.asarray(item.load()) for item in read_sources([video])]


def grey(level: int, size: tuple[int, int]) -> Image.Image:
    return Image.new("RGB", size, (level, level, level))


def test_frames_of_other_sizes_are_fitted_into_the_first(tmp_path: Path) -> None:
    with VideoFile(tmp_path / "out.mp4", 10) as file:
        for size in ((65, 49), (65, 49), (130, 50), (20, 20)):
            file.add(grey(200, size))
    frames = levels(tmp_path / "out.mp4")
    assert [frame.shape for frame in frames] == [(50, 66, 3)] * 4
    assert frames[1][:48, :64].min() > 180  # as it was, with an edge of one pixel
    assert frames[2][25, 5:60].min() > 150  # 66 x 25, in the middle
    assert frames[2][:8].max() < 60
    assert frames[3][:, 12:54].min() > 150  # 50 x 50
    assert frames[3][:, :4].max() < 60


def test_a_video_that_was_stopped_is_kept_as_a_part_that_can_be_seen(tmp_path: Path) -> None:
    def write() -> None:
        with VideoFile(tmp_path / "out.mp4", 10) as file:
            for _ in range(12):
                file.add(grey(100, (64, 48)))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert not (tmp_path / "out.mp4").exists()
    (tmp_path / "out.mp4.part").rename(tmp_path / "part.mp4")
    assert len(levels(tmp_path / "part.mp4")) == 12


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--video out\.gif: videos are written as \.mp4"):
        VideoFile(Path("out.gif"), 10)
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot write"), VideoFile(tmp_path / "file" / "out.mp4", 10) as file:
        file.add(BLACK)
    with VideoFile(tmp_path / "none.mp4", 10):
        pass
    assert not list(tmp_path.glob("none*"))
