"""The frames of a video, decoded one after the other by PyAV (FFmpeg): of a file, a camera, or an address."""

import errno
from collections.abc import Iterator
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from convsight.errors import UserError
from convsight.images import ImageError, Source
from convsight.runtime.sources.item import Item, failed_item
from convsight.runtime.sources.video_source import VideoSource, file_source

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

RATE = 30.0  # frames a second of a video that does not say
_UNNOTICED_S = 0.2  # a video that ends so much before its own length passes as whole: headers are no more exact


class Video(NamedTuple):
    """Frames, each read at its turn, and how many of them make a second."""

    frames: Iterator[Item]
    rate: float


def require_av() -> ModuleType:
    """PyAV; raises `UserError` that says what to install where it is missing."""
    try:
        import av  # noqa: PLC0415 -- an extra, and slow to import
    except ModuleNotFoundError as error:
        raise UserError('reading videos needs PyAV: pip install ".[video]" in the clone of convsight') from error
    return av


def frames(path: str, every: int = 1) -> Iterator[Item]:
    """Every `every`-th frame of the video file at `path`, named `clip.mp4#frame=123`, counted from 0.

    What cannot be decoded is reported in its place, as is a video that ends before its own length says.
    """
    yield from open_video(file_source(path), every).frames


def open_video(source: VideoSource, every: int = 1) -> Video:
    """Every `every`-th frame of `source`, which is opened at once; what `frames` says holds for all.

    What cannot be opened is reported as its only frame.
    """
    av = require_av()
    try:
        source.check()
        container = av.open(
            source.address, format=source.format, options=dict(source.options), timeout=source.timeout_s
        )
        if not container.streams.video:
            container.close()
            return Video(iter([failed_item(source.name, f"{source.name} holds no video; leave it out")]), RATE)
    except ImageError as error:
        return Video(iter([failed_item(source.name, str(error))]), RATE)
    except (av.FFmpegError, OSError) as error:
        reason = f"cannot read {source.name}: {error.strerror or error}; {source.advice}"
        return Video(iter([failed_item(source.name, reason)]), RATE)
    stream = container.streams.video[0]
    rate = float(stream.average_rate or RATE)
    return Video(_frames(container, stream, source, every), rate / every)


def _frames(container: "InputContainer", stream: "VideoStream", source: VideoSource, every: int) -> Iterator[Item]:
    stream.thread_type = "AUTO"
    count, clock = 0, _Clock(container, stream)
    with container:
        try:
            for frame in _decoded(container, stream, source):
                if count % every == 0:
                    name = f"{source.name}#frame={count}"
                    yield Item(name, partial(_pixels, frame, name))
                count += 1
                clock.see(frame)
        except (require_av().FFmpegError, OSError) as error:
            reason = f"{source.name} is damaged or cut short: frame {count} and later: {error.strerror or error}"
            yield failed_item(f"{source.name}#frame={count}", reason)
            return
        missing = 0.0 if source.kind == "live" else clock.missing_s()
    if missing > _UNNOTICED_S:
        reason = f"{source.name} is cut short: its last {missing:.1f} s are missing"
        yield failed_item(f"{source.name}#frame={count}", reason)


def _decoded(container: "InputContainer", stream: "VideoStream", source: VideoSource) -> Iterator["VideoFrame"]:
    try:
        yield from container.decode(stream)
    except OSError as error:
        # So FFmpeg calls the end of what a server did not tell the length of.
        if source.kind != "web" or error.errno != errno.EIO:
            raise
        yield from stream.codec_context.decode(None)


def _pixels(frame: "VideoFrame", name: str) -> Source:
    """RGB pixels of a frame, upright; in a thread, since the conversion takes as long as the decoding."""
    if frame.is_corrupt:
        raise ImageError(f"{name} is damaged; copy the video again or leave it out")
    pixels = cast("NDArray[np.uint8]", frame.to_ndarray(format="rgb24"))
    return np.rot90(pixels, frame.rotation // 90) if frame.rotation else pixels


class _Clock:
    """When the frames of a video end, against what its headers say."""

    def __init__(self, container: "InputContainer", stream: "VideoStream") -> None:
        self._container, self._stream = container, stream
        self._base = float(stream.time_base or 0)
        self._start = (stream.start_time or 0) * self._base
        self._usual = float(1 / stream.average_rate) if stream.average_rate else 0.0
        self._last: float | None = None  # when the last frame begins
        self._end = self._start

    def see(self, frame: "VideoFrame") -> None:
        """Take in the next frame. One that does not say how long it lasts does so as long as the one before."""
        begins = self._start if frame.pts is None else frame.pts * self._base
        gap = begins - self._last if self._last is not None else 0.0
        self._end = begins + max(frame.duration * self._base or self._usual, gap)
        self._last = begins

    def missing_s(self) -> float:
        """How many seconds before its length, as far as that is known, the video ends."""
        shown = self._end - self._start
        if self._stream.duration:
            return float(self._stream.duration) * self._base - shown
        length = _tagged_s(self._stream) or _whole_s(self._container)
        # Some programs count it from the first frame, others from 0, at which not every video begins.
        return length - max(shown, self._end) if length else 0.0


def _tagged_s(stream: "VideoStream") -> float | None:
    tag = stream.metadata.get("DURATION")  # Matroska's, such as 00:00:02.000000000
    if not tag:
        return None
    hours, minutes, seconds = map(float, tag.split(":"))
    return 3600 * hours + 60 * minutes + seconds


def _whole_s(container: "InputContainer") -> float | None:
    # The whole file's may be that of a longer sound track.
    alone = len(container.streams) == 1 and container.duration
    return container.duration / 1e6 if alone and container.duration else None
