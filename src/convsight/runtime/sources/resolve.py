"""What a user means by a list of sources."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path

from convsight.errors import UserError
from convsight.images import is_image_file
from convsight.runtime.sources.folders import (
    IsFile,
    IsWhole,
    LeftOut,
    images_in,
    images_matching,
    is_pattern,
    no_folder,
)
from convsight.runtime.sources.item import Item, failed_item, file_item
from convsight.runtime.sources.standard_input import NAME, standard_input_items
from convsight.runtime.sources.video import frames, open_video, require_av
from convsight.runtime.sources.video_source import (
    VideoSource,
    camera_source,
    file_source,
    is_stream,
    is_stream_address,
    is_video_file,
    stream_source,
)
from convsight.runtime.sources.web import is_url, url_item

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")

Place = str | Path | VideoSource


class _NothingThereError(UserError):
    """A source that cannot be found, or holds no image."""


def read_sources(
    sources: Iterable[Place],
    every: int = 1,
    is_file: IsFile = is_image_file,
    left_out: LeftOut | None = None,
    is_whole: IsWhole = no_folder,
) -> Iterator[Item]:
    """The images of `sources`, in their order, each found shortly before its turn.

    A source is an image file, a folder (with the folders in it), a pattern such as `photos/**/*.jpg`, an http or
    https URL, a video (every `every`-th frame), that of an address or a camera, or `-`, standard input: one image, or a
    path or URL a line. Of the files in folders `is_file` knows by name which are meant, and a folder that `is_whole` is
    one image; `left_out` is told of folders that a system made. A source that is not there, or holds no image, is
    reported in its place.

    Raises `UserError`, before anything is read, where that is so of all of them.
    """
    places = [source if isinstance(source, VideoSource) else str(source) for source in sources]
    if places.count(NAME) > 1:
        raise UserError(f"standard input ({NAME}) can be read only once; name it once")
    if every < 1:
        raise UserError(f"--every {every}: give a number of frames, 1 or more")
    opened, wrong = [], []
    for place in places:
        try:
            opened.append(_opened(place, every, is_file, left_out, is_whole))
        except _NothingThereError as error:
            wrong.append(error)
            opened.append(partial(_failed, str(place), str(error)))
    if wrong and len(wrong) == len(places):
        raise wrong[0]
    return chain.from_iterable(start() for start in opened)


def video_named(source: str | VideoSource) -> VideoSource | None:
    """The one video that `source` names: a file, an address, a camera; None where it is none."""
    if isinstance(source, VideoSource):
        return source
    if is_stream(source):
        return stream_source(source)
    return file_source(source) if is_video_file(source) and Path(source).is_file() else None


def live_sources(camera: int | None, streams: Iterable[str]) -> list[VideoSource]:
    """The addresses that are videos whatever their names, and the camera; raises `UserError` for other addresses."""
    for address in streams:
        if not is_stream_address(address):
            raise UserError(f"--stream {address}: give an address that starts with rtsp://, http:// or https://")
    return [*map(stream_source, streams), *([camera_source(camera)] if camera is not None else [])]


def _opened(
    place: str | VideoSource, every: int, is_file: IsFile, left_out: LeftOut | None, is_whole: IsWhole
) -> Callable[[], Iterator[Item]]:
    """What gives the items of `place`, which is known to hold some."""
    if isinstance(place, VideoSource) or is_stream(place):
        require_av()
        return partial(_video, place if isinstance(place, VideoSource) else stream_source(place), every)
    if place == NAME:
        return partial(standard_input_items, partial(_items_of_line, every=every))
    if _ADDRESS.match(place):
        if not is_url(place):
            raise _NothingThereError(
                f"{place} is no address of the web or of a camera; give one that starts with http://, https:// or rtsp://"
            )
        return lambda: iter([url_item(place)])
    path = Path(place)
    if path.is_file() or (path.is_dir() and is_whole(path)):
        return _file(str(path), every)  # whatever its suffix: the user named it
    if path.is_dir():
        return _filled(partial(images_in, path, is_file, left_out, is_whole), f"{place} holds no images")
    if is_pattern(place):
        otherwise = f"no image or video is named {place} (upper and lower case count)"
        return _filled(partial(images_matching, place, every, is_file, left_out), otherwise)
    if path.exists():
        raise _NothingThereError(f"{place} is a pipe, a device or a socket, not a file; save it, or pipe it into -")
    raise _NothingThereError(
        f"{place} does not exist; give image files, folders of them, videos, URLs, or - to read a list"
    )


def _file(path: str, every: int) -> Callable[[], Iterator[Item]]:
    if is_video_file(path):
        require_av()
        return partial(frames, path, every)
    return lambda: iter([file_item(path)])


def _video(source: VideoSource, every: int) -> Iterator[Item]:
    yield from open_video(source, every).frames


def _failed(name: str, reason: str) -> Iterator[Item]:
    yield failed_item(name, reason)


def _filled(start: Callable[[], Iterator[Item]], otherwise: str) -> Callable[[], Iterator[Item]]:
    # Looked for once and begun anew at its turn: a thousand folders would hold a thousand lists of names.
    if next(start(), None) is None:
        raise _NothingThereError(otherwise)
    return start


def _items_of_line(line: str, every: int) -> Iterator[Item]:
    if is_stream(line):
        return _video(stream_source(line), every)
    if is_url(line):
        return iter([url_item(line)])
    if _ADDRESS.match(line):
        reason = f"{line} is no address of the web or of a camera; give http://, https:// or rtsp://"
        return iter([failed_item(line, reason)])
    path = str(Path(line))
    return frames(path, every) if is_video_file(path) else iter([file_item(path)])
