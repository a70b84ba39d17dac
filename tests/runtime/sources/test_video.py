"""Real videos, written here."""

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from convsight.errors import UserError
from convsight.images import ImageError
from convsight.runtime.sources import Item, read_sources
from convsight.runtime.sources.resolve import _items_of_line
from convsight.runtime.sources.video import frames

FRAMES, RATE = 50, 25


def write_video(path: Path, noise: bool = True, options: dict[str, str] | None = None) -> Path:
    """Frame n has the grey level 40 + 4 n; noise in the upper left corner makes it cost bytes."""
    with av.open(str(path), "w", options=options or {}) as container:
        stream: Any = container.add_stream("libvpx" if path.suffix == ".webm" else "mpeg4", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(FRAMES):
            pixels = np.full((48, 64, 3), 40 + 4 * number, np.uint8)
            pixels[:24, :32] = 255
            if noise:
                pixels[:24, :32] = np.random.default_rng(number).integers(0, 255, (24, 32, 3))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return path


def level(item: Item) -> float:
    """The grey level of the part without noise."""
    return float(np.asarray(item.load())[30:, 40:].mean())


@pytest.mark.parametrize("suffix", ["mp4", "avi", "mov", "mkv", "webm"])
def test_every_frame_in_order_and_no_complaint(tmp_path: Path, suffix: str) -> None:
    video = write_video(tmp_path / f"clip.{suffix}")
    found = list(read_sources([video]))
    assert [item.name for item in found] == [f"{video}#frame={n}" for n in range(FRAMES)]
    levels = [level(item) for item in found]
    np.testing.assert_allclose(levels, 40 + 4 * np.arange(FRAMES), atol=4)


def test_every_so_many_frames(tmp_path: Path) -> None:
    video = write_video(tmp_path / "clip.mp4")
    found = list(read_sources([video], every=20))
    assert [item.name for item in found] == [f"{video}#frame={n}" for n in (0, 20, 40)]
    np.testing.assert_allclose([level(item) for item in found], [40, 120, 200], atol=4)
    assert [item.name for item in _items_of_line(str(video), 20)] == [item.name for item in found]
    assert [item.name for item in read_sources([f"{tmp_path}/*.mp4"], 20)] == [item.name for item in found]
    with pytest.raises(UserError, match="--every 0"):
        read_sources([video], every=0)


@pytest.mark.parametrize("suffix", ["mp4", "avi", "mkv", "webm"])
def test_a_video_cut_short_is_answered_as_far_as_it_goes(tmp_path: Path, suffix: str) -> None:
    options = {"movflags": "faststart"} if suffix == "mp4" else {}
    video = write_video(tmp_path / f"clip.{suffix}", options=options)
    video.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    *good, last = frames(str(video))
    assert 3 <= len(good) < FRAMES
    np.testing.assert_allclose([level(item) for item in good[:3]], 40 + 4 * np.arange(3), atol=4)
    with pytest.raises(ImageError, match=r"clip.*(cut short|damaged)"):
        last.load()
    if suffix == "mp4":  # half of its last frame is there; FFmpeg makes up the rest and says so
        with pytest.raises(ImageError, match="is damaged"):
            good[-1].load()


def test_what_is_no_video_is_reported_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_text("I am not a video")
    for path in (tmp_path / "clip.mp4", tmp_path / "nowhere.mp4"):
        [item] = frames(str(path))
        assert item.name == str(path)
        with pytest.raises(ImageError, match=f"cannot read {path}"):
            item.load()


def test_a_damaged_middle_is_reported(tmp_path: Path) -> None:
    video = write_video(tmp_path / "clip.mp4", options={"movflags": "faststart"})
    content = bytearray(video.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 3000] = bytes(3000)
    video.write_bytes(content)
    found = list(frames(str(video)))
    assert 5 < len(found) < FRAMES
    with pytest.raises(ImageError, match="damaged"):
        found[-1].load()


def test_a_video_of_a_phone_held_upright_is_turned(tmp_path: Path) -> None:
    video = write_video(tmp_path / "clip.mp4", noise=False)
    content = video.read_bytes()
    start = content.index(b"tkhd") + 4 + 40  # the matrix follows on 40 bytes of a track's header
    one, minus = (1 << 16).to_bytes(4, "big"), (-1 << 16).to_bytes(4, "big", signed=True)
    upright, turned = one + bytes(12) + one, bytes(4) + one + bytes(4) + minus + bytes(4)
    assert content[start : start + 20] == upright
    video.write_bytes(content[:start] + turned + content[start + 20 :])  # a quarter turn clockwise
    first = next(frames(str(video)))
    pixels = np.asarray(first.load())
    assert pixels.shape == (64, 48, 3)
    assert pixels[:20, 30:].mean() > 200  # the white corner, upper left before, is on the right
    assert pixels[:20, :20].mean() < 60
