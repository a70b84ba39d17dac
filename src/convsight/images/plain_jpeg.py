"""Small JPEG files as most are: whole, baseline, no EXIF. Their headers take Pillow's reader longer than the pixels do.

The decoder is Pillow's own, and is given the same bytes: the pixels are those of `Jpeg`, or there are none here.
"""

import os
import stat
from pathlib import Path

from PIL import Image

from convsight.images.jpeg import parts_of

_MOST_BYTES = 2**16 - 1  # of which `Jpeg` would give the decoder all at once
_MOST_PIXELS = 2**20
_START, _END = b"\xff\xd8\xff", b"\xff\xd9"
_FRAME, _SCAN = 0xC0, 0xDA
_JFIF, _LEAST_JFIF_BYTES = 0xE0, 16
# Tables, restarts, remarks. Whatever else there is (EXIF, colour profiles, other frames) is for `Jpeg` to judge.
_PASSED = frozenset({0xC4, 0xDB, 0xDD, 0xFE})
_MODES = {1: "L", 3: "RGB"}  # by the number of components


def content_of_small(path: Path) -> bytes | None:
    """What is in the file at `path`, read at once; None where it is large, no file, or cannot be read."""
    try:
        status = os.stat(path)  # noqa: PTH116  (as little as can be done for each of many files)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_BYTES:
            return None
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            content = os.read(descriptor, _MOST_BYTES)
        finally:
            os.close(descriptor)
    except OSError:
        return None
    return content if len(content) == status.st_size else None


def plain_jpeg(content: bytes, reduced_from: tuple[int, int], max_megapixels: float) -> Image.Image | None:
    """The image in the JPEG file `content`, of mode RGB or L; None where `Jpeg` must look at it.

    So must it where there is anything to say of the file, and where both sides reach `reduced_from` (width, height).

    >>> plain_jpeg(b"no JPEG", (64, 64), 1.0) is None
    True
    """
    header = _size_and_mode(content)
    if header is None:
        return None
    (width, height), mode = header
    pixels = width * height
    if not 0 < pixels <= min(_MOST_PIXELS, max_megapixels * 1e6):
        return None
    if width >= reduced_from[0] and height >= reduced_from[1]:
        return None
    image = Image.new(mode, (width, height), None)
    decoder = Image._getdecoder(mode, "jpeg", (mode, ""))
    decoder.setimage(image.im, (0, 0, width, height))
    rest = b""
    for part, given in parts_of(content):  # as `Jpeg` does
        used, error = decoder.decode(rest + given)
        if used < 0:
            return image if part in {"tail", "spare"} and error >= 0 else None
        rest = (rest + given)[used:]
    return None


def _size_and_mode(content: bytes) -> tuple[tuple[int, int], str] | None:
    """What the header of a plain JPEG file says; None of any other. Source: ITU-T T.81, section B.2."""
    if not (content.startswith(_START) and content.endswith(_END)):
        return None
    place, count, size = 2, 0, (0, 0)
    while place + 10 <= len(content) and content[place] == 0xFF:
        marker, length = content[place + 1], content[place + 2] << 8 | content[place + 3]
        if marker == _SCAN:
            return (size, _MODES[count]) if count in _MODES else None
        if marker == _FRAME:
            if count or length != 8 + 3 * content[place + 9]:
                return None
            height, width = content[place + 5] << 8 | content[place + 6], content[place + 7] << 8 | content[place + 8]
            count, size = content[place + 9], (width, height)
        elif marker == _JFIF:
            if length < _LEAST_JFIF_BYTES:
                return None
        elif marker not in _PASSED:
            return None
        place += 2 + length
    return None
