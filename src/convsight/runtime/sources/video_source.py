"""`VideoSource`: where a video comes from, as FFmpeg is told of it: a file, a camera, or an address."""

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from convsight.errors import UserError
from convsight.images import ImageError

VIDEO_SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".ts", ".wmv", ".flv"})
_STREAM_SUFFIXES = VIDEO_SUFFIXES | {".m3u8", ".mjpg", ".mjpeg"}

TIMEOUT_S = 30.0  # for a connection, and for each part of what it brings
_WEB, _CAMERAS = ("http", "https"), ("rtsp", "rtsps")
# What an address may lead on to, by redirects and playlists: never to files of this machine.
_PROTOCOLS = "http,https,tls,tcp,udp,rtp,srtp,rtsp,rtsps,httpproxy,crypto"


class VideoSource(NamedTuple):
    """A video: `name` is what its frames are called after, the rest is for `av.open`.

    A file has a length, what comes from the web may have one, what is live has none. `advice` ends the message where it
    cannot be opened.
    """

    name: str
    address: str
    format: str | None = None
    options: Mapping[str, str] = {}
    timeout_s: float | None = None
    kind: Literal["file", "web", "live"] = "file"
    advice: str = "it is missing, cut short or no video: copy it again"

    def check(self) -> None:
        """Raise `ImageError` for a pipe or a device in the place of a file: it may let a reader wait for ever."""
        if self.kind != "file":
            return
        try:
            mode = os.stat(self.name).st_mode  # noqa: PTH116
        except OSError:
            return  # FFmpeg will say what is wrong
        if not stat.S_ISREG(mode):
            raise ImageError(f"{self.name} is a pipe, a device or a folder, not a video; name a file")

    def __str__(self) -> str:
        return self.name


def is_video_file(path: str) -> bool:
    """Whether the name is that of a video; the disk is not looked at.

    >>> is_video_file("clip.MP4"), is_video_file("cat.jpg")
    (True, False)
    """
    return Path(path).suffix.lower() in VIDEO_SUFFIXES


def video_of(name: str) -> str | None:
    """The video file that the item called `name` is a frame of, or stands for; None for an item of no video file.

    >>> video_of("clip.mp4#frame=12"), video_of("clip.mp4"), video_of("cat.jpg")
    ('clip.mp4', 'clip.mp4', None)
    """
    frame_of = name.rpartition("#frame=")[0]
    return next((each for each in (frame_of, name) if is_video_file(each)), None)


def file_source(path: str) -> VideoSource:
    """The video in a file; of its name nothing is taken for a protocol."""
    return VideoSource(path, f"file:{path}")


def is_stream(address: str) -> bool:
    """Whether `address` is one of a video: of a camera by RTSP, or of the web with a name that ends like a video's.

    >>> [is_stream(each) for each in ("rtsp://cam/1", "https://cam/live.m3u8?a=1", "https://cam/cat.jpg", "a.mp4")]
    [True, True, False, False]
    """
    parts = urlsplit(address)
    if parts.scheme.lower() in _CAMERAS:
        return True
    return parts.scheme.lower() in _WEB and Path(parts.path).suffix.lower() in _STREAM_SUFFIXES


def is_stream_address(address: str) -> bool:
    """Whether `address` may be one of a video, whatever its name: of RTSP or of the web."""
    return urlsplit(address).scheme.lower() in (*_WEB, *_CAMERAS)


def stream_source(address: str) -> VideoSource:
    """The video at `address`, RTSP or http(s); its frames are called without the password that may stand in it.

    >>> stream_source("rtsp://me:secret@cam:554/1").name
    'rtsp://cam:554/1'
    """
    parts = urlsplit(address)
    name = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    advice = "check the address, and that it can be reached from here"
    options = {"protocol_whitelist": _PROTOCOLS}
    if parts.scheme.lower() not in _CAMERAS:
        return VideoSource(name, address, None, options, TIMEOUT_S, "web", advice)
    # By UDP, packets that get lost would be grey blocks.
    return VideoSource(name, address, None, {**options, "rtsp_transport": "tcp"}, TIMEOUT_S, "live", advice)


def camera_source(number: int) -> VideoSource:
    """The camera of this machine with that number, counted from 0; raises `UserError` on Windows."""
    if number < 0:
        raise UserError(f"--camera {number}: cameras are counted from 0")
    if sys.platform == "win32":  # where FFmpeg knows cameras by their names alone
        raise UserError(
            f"--camera {number}: cameras are read on Linux and macOS; let yours stream, and give its address"
        )
    address, kind = (str(number), "avfoundation") if sys.platform == "darwin" else (f"/dev/video{number}", "v4l2")
    advice = f"no camera {number} can be used: see which there are, and that no other program uses it"
    return VideoSource(f"camera:{number}", address, kind, {}, TIMEOUT_S, "live", advice)
