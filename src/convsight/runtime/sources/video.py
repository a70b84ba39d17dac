"""The frames of a video, decoded one after the other by PyAV (FFmpeg)."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from convsight.errors import UserError
from convsight.images import ImageError, Source
from convsight.runtime.sources.item import Item, failed_item

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

VIDEO_SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".ts", ".wmv", ".flv"})

_UNNOTICED_S = 0.2  # a video that ends so much before its own length passes as whole: headers are no more exact


def is_video_file(path: str) -> bool:
    """Whether the name is that of a video; the disk is not looked at.

    >>> is_video_file("clip.MP4"), is_video_file("cat.jpg")
    (True, False)
    """
    return Path(path).suffix.lower() in VIDEO_SUFFIXES


def require_av() -> ModuleType:
    """PyAV; raises `UserError` that says what to install where it is missing."""
    try:
        import av  # noqa: PLC0415 -- an extra, and slow to import
    except ModuleNotFoundError as error:
        raise UserError('reading videos needs PyAV: pip install ".[video]" in the clone of convsight') from error
    return av


def frames(path: str, every: int = 1) -> Iterator[Item]:
    """Every `every`-th frame of a video, named `clip.mp4#frame=123`, counted from 0.

    What cannot be decoded is reported in its place, as is a video that ends before its own length says.
    """
    av = require_av()
    try:
        with av.open(path) as container:
            if not container.streams.video:
                yield failed_item(path, f"{path} holds no video; leave it out")
                return
            yield from _frames(container, container.streams.video[0], path, every)
    except av.FFmpegError as error:
        yield failed_item(
            path, f"cannot read {path}: {error.strerror}; it is missing, cut short or no video: copy it again"
        )


def _frames(container: "InputContainer", stream: "VideoStream", path: str, every: int) -> Iterator[Item]:
    stream.thread_type = "AUTO"
    count, end = 0, 0.0
    try:
        for frame in container.decode(stream):
            if count % every == 0:
                name = f"{path}#frame={count}"
                yield Item(name, partial(_pixels, frame, name))
            count, end = count + 1, _end_s(stream, frame)
    except require_av().FFmpegError as error:
        yield failed_item(
            f"{path}#frame={count}", f"{path} is damaged or cut short: frame {count} and later: {error.strerror}"
        )
        return
    missing = (_length_s(container, stream) or end) - end
    if missing > _UNNOTICED_S:
        yield failed_item(f"{path}#frame={count}", f"{path} is cut short: its last {missing:.1f} s are missing")


def _pixels(frame: "VideoFrame", name: str) -> Source:
    """RGB pixels of a frame, upright; in a thread, since the conversion takes as long as the decoding."""
    if frame.is_corrupt:
        raise ImageError(f"{name} is damaged; copy the video again or leave it out")
    pixels = cast("NDArray[np.uint8]", frame.to_ndarray(format="rgb24"))
    return np.rot90(pixels, frame.rotation // 90) if frame.rotation else pixels


def _end_s(stream: "VideoStream", frame: "VideoFrame") -> float:
    """When `frame` ends, in seconds from the beginning of the video."""
    base = float(stream.time_base or 0)
    lasts = frame.duration * base or (float(1 / stream.average_rate) if stream.average_rate else 0.0)
    return (frame.time or 0.0) - (stream.start_time or 0) * base + lasts


def _length_s(container: "InputContainer", stream: "VideoStream") -> float | None:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    tag = stream.metadata.get("DURATION")  # Matroska's, such as 00:00:02.000000000
    if tag:
        hours, minutes, seconds = map(float, tag.split(":"))
        return 3600 * hours + 60 * minutes + seconds
    # The whole file's may be that of a longer sound track.
    alone = len(container.streams) == 1 and container.duration
    return container.duration / 1e6 if alone and container.duration else None
