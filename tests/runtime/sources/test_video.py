"""Real videos, written here."""

import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from tests.runtime.sources.streams import http_stream, rtsp_stream

from convsight.errors import UserError
from convsight.images import ImageError
from convsight.runtime.sources import Item, read_sources
from convsight.runtime.sources.resolve import _items_of_line
from convsight.runtime.sources.video import frames, open_video
from convsight.runtime.sources.video_source import camera_source, stream_source

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


def write_late(path: Path, rate: Fraction, count: int, late_s: int) -> Path:
    """`count` frames, of which the first is shown after `late_s` seconds, as in a part of a longer recording."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libvpx" if path.suffix == ".webm" else "mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        noise = np.random.default_rng(0).integers(0, 255, (count, 48, 64, 3)).astype(np.uint8)
        shown = [av.VideoFrame.from_ndarray(pixels, format="rgb24") for pixels in noise]
        for frame in (*shown, None):
            for packet in stream.encode(frame):
                later = int(late_s / packet.time_base)
                packet.pts, packet.dts = packet.pts + later, packet.dts + later
                container.mux(packet)
    return path


@pytest.mark.parametrize("suffix", ["mkv", "webm", "mp4", "ts", "mov"])
@pytest.mark.parametrize("rate", [Fraction(25), Fraction(1), Fraction(1, 5)])
def test_a_video_need_not_begin_at_0_nor_have_many_frames(tmp_path: Path, suffix: str, rate: Fraction) -> None:
    for late_s in (0, 7, 100):
        video = write_late(tmp_path / f"clip{late_s}.{suffix}", rate, 6, late_s)
        found = list(frames(str(video)))
        assert [item.name for item in found] == [f"{video}#frame={n}" for n in range(6)], late_s
        assert [np.asarray(item.load()).shape for item in found] == [(48, 64, 3)] * 6


@pytest.mark.parametrize("suffix", ["mkv", "webm"])
def test_one_that_begins_later_and_is_cut_short_is_told(tmp_path: Path, suffix: str) -> None:
    video = write_late(tmp_path / f"clip.{suffix}", Fraction(25), 50, late_s=7)
    video.write_bytes(video.read_bytes()[: video.stat().st_size * 6 // 10])
    *good, last = frames(str(video))
    assert 3 <= len(good) < 50
    with pytest.raises(ImageError, match=r"cut short|damaged"):
        last.load()


def test_a_name_is_no_protocol_and_no_pattern(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("take:1.mp4", "a[1].mp4", "%03d.mp4"):
        write_video(tmp_path / "clip.mp4").rename(tmp_path / name)
        found = list(read_sources([name], every=10))
        assert [item.name for item in found] == [f"{name}#frame={n}" for n in range(0, FRAMES, 10)]
        found[0].load()


def test_a_pipe_in_the_place_of_a_video_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "clip.mp4")
    [item] = frames(f"{tmp_path}/clip.mp4")
    with pytest.raises(ImageError, match="is a pipe"):
        item.load()


def test_a_stream_of_the_web_to_its_end(tmp_path: Path) -> None:
    with http_stream(write_video(tmp_path / "clip.ts")) as address:
        found = list(read_sources([f"{address}/clip.ts?key=1"], every=10))
        assert [item.name for item in found] == [f"{address}/clip.ts?key=1#frame={n}" for n in range(0, FRAMES, 10)]
        np.testing.assert_allclose([level(item) for item in found], 40 + 40 * np.arange(5), atol=4)
        plain = list(read_sources([stream_source(f"{address}/video")]))  # whatever its name
        assert len(plain) == FRAMES
        [line] = {item.name.partition("#")[0] for item in _items_of_line(f"{address}/live.ts", 1)}
        assert line == f"{address}/live.ts"


def test_a_stream_of_a_camera_to_its_end(tmp_path: Path) -> None:
    with rtsp_stream(write_video(tmp_path / "clip.ts")) as address:
        found = list(read_sources([address.replace("//", "//me:secret@")]))
        assert len(found) >= FRAMES - 1  # the last one may wait for what never comes
        assert found[3].name == f"{address}#frame=3"  # and tells no password
        np.testing.assert_allclose([level(item) for item in found], 40 + 4 * np.arange(len(found)), atol=4)


def test_what_streams_nothing_is_told() -> None:
    for source in (
        stream_source("rtsp://127.0.0.1:1/clip"),
        stream_source("http://127.0.0.1:1/a.ts"),
        camera_source(99),
    ):
        video = open_video(source)
        [item] = video.frames
        assert item.name == source.name
        with pytest.raises(ImageError, match=rf"cannot read {source.name}: .*(check the address|no camera 99)"):
            item.load()
    with pytest.raises(UserError, match="counted from 0"):
        camera_source(-1)


def test_a_camera_is_opened_by_its_number() -> None:
    seen = camera_source(0)._replace(address="testsrc=rate=10:size=32x24:duration=0.5", format="lavfi")
    assert (seen.name, camera_source(3).address) == ("camera:0", "/dev/video3")
    video = open_video(seen)
    assert video.rate == 10
    assert [item.name for item in video.frames] == [f"camera:0#frame={n}" for n in range(5)]
