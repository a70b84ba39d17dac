"""The frames of one video, or of one folder or pattern of images, in the order in which they were taken."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from convsight.errors import UserError
from convsight.natural_order import natural_key
from convsight.runtime.sources import Item
from convsight.runtime.sources.folders import LeftOut, images_in, images_matching, is_pattern
from convsight.runtime.sources.video import RATE, open_video
from convsight.runtime.sources.video_source import (
    VideoSource,
    file_source,
    is_stream_address,
    is_video_file,
    stream_source,
    video_of,
)


class Frames(NamedTuple):
    """Images to follow things on, and how many of them make a second; a note on folders that were left out."""

    items: Iterator[Item]
    rate: float
    left_out: str = ""


def read_frames(source: str | VideoSource, every: int = 1) -> Frames:
    """Every `every`-th frame of `source`; images in natural order: `frame9.png` before `frame10.png`.

    Raises `UserError` for a source that does not exist, holds no images, or is neither a video nor many images.
    """
    if every < 1:
        raise UserError(f"--every {every}: give a number of frames, 1 or more")
    if isinstance(source, VideoSource) or is_stream_address(source):
        return Frames(*open_video(source if isinstance(source, VideoSource) else stream_source(source), every))
    path, left_out = Path(source), LeftOut()
    if path.is_file():
        if not is_video_file(source):
            raise UserError(f"{source} is no video; give one, or a folder or pattern ('frames/*.png') of its frames")
        return Frames(*open_video(file_source(source), every))
    if path.is_dir():
        items = images_in(path, left_out=left_out)
    elif is_pattern(source):
        items = _without_videos(source, images_matching(source, every, left_out=left_out))
    else:
        raise UserError(f"{source} does not exist; give a video, or a folder or pattern ('frames/*.png') of its frames")
    ordered = sorted(items, key=lambda item: natural_key(item.name))
    if not ordered:
        raise UserError(f"{source} holds no images; give a video, or a folder of its frames")
    return Frames(islice(ordered, 0, None, every), RATE / every, left_out.words)


def _without_videos(pattern: str, items: Iterator[Item]) -> Iterator[Item]:
    for item in items:
        if video := video_of(item.name):
            raise UserError(f"{pattern} names the video {video}; give it by its name, one at a time")
        yield item
