"""What a user means by a list of sources."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path

from convsight.errors import UserError
from convsight.images import is_image_file
from convsight.runtime.sources.folders import IsFile, images_in, images_matching, is_pattern
from convsight.runtime.sources.item import Item, failed_item, file_item
from convsight.runtime.sources.standard_input import NAME, standard_input_items
from convsight.runtime.sources.video import frames, is_video_file, require_av
from convsight.runtime.sources.web import is_url, url_item

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def read_sources(sources: Iterable[str | Path], every: int = 1, is_file: IsFile = is_image_file) -> Iterator[Item]:
    """The images of `sources`, in their order, each found shortly before its turn.

    A source is an image file, a folder (with the folders in it), a pattern such as `photos/**/*.jpg`, an http or
    https URL, a video (every `every`-th frame) or `-`, standard input: one image, or a path or URL a line. Of the files
    in folders `is_file` knows by name which are meant.

    Raises `UserError`, before anything is read, for a file that does not exist, for a folder or pattern without
    images, and for addresses that are not of the web.
    """
    places = [str(source) for source in sources]
    if places.count(NAME) > 1:
        raise UserError(f"standard input ({NAME}) can be read only once; name it once")
    if every < 1:
        raise UserError(f"--every {every}: give a number of frames, 1 or more")
    return chain.from_iterable(start() for start in [_opened(place, every, is_file) for place in places])


def _opened(place: str, every: int, is_file: IsFile) -> Callable[[], Iterator[Item]]:
    """What gives the items of `place`, which is known to hold some."""
    if place == NAME:
        return partial(standard_input_items, partial(_items_of_line, every=every))
    if _ADDRESS.match(place):
        if not is_url(place):
            raise UserError(f"{place} is no address of the web; give one that starts with http:// or https://")
        return lambda: iter([url_item(place)])
    path = Path(place)
    if path.is_file():
        return _file(str(path), every)  # whatever its suffix: the user named it
    if path.is_dir():
        return _filled(partial(images_in, path, is_file), f"{place} holds no images")
    if is_pattern(place):
        otherwise = f"no image or video is named {place} (upper and lower case count)"
        return _filled(partial(images_matching, place, every, is_file), otherwise)
    raise UserError(f"{place} does not exist; give image files, folders of them, videos, URLs, or - to read a list")


def _file(path: str, every: int) -> Callable[[], Iterator[Item]]:
    if is_video_file(path):
        require_av()
        return partial(frames, path, every)
    return lambda: iter([file_item(path)])


def _filled(start: Callable[[], Iterator[Item]], otherwise: str) -> Callable[[], Iterator[Item]]:
    # Looked for once and begun anew at its turn: a thousand folders would hold a thousand lists of names.
    if next(start(), None) is None:
        raise UserError(otherwise)
    return start


def _items_of_line(line: str, every: int) -> Iterator[Item]:
    if is_url(line):
        return iter([url_item(line)])
    if _ADDRESS.match(line):
        return iter([failed_item(line, f"{line} is no address of the web; give http:// or https://")])
    path = str(Path(line))
    return frames(path, every) if is_video_file(path) else iter([file_item(path)])
