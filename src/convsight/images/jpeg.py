"""JPEG files that are not whole: those that lack only their end marker are read, damage that shows is told.

Pillow passes over what libjpeg warns of. What can be seen from outside is how many bytes the decoder takes. Before the
end marker it is given a few that mean nothing. Of one scan, which most photos have, it needs the last bytes of the
data, and none but these few, at which it only looks. Where damage made it lose its way, it mostly ends too early, or
still has pixels to make at the end marker. Of several scans, as in progressive images, nothing shows.
"""

import random
import re
from io import BytesIO
from typing import TYPE_CHECKING, Literal, NamedTuple

from PIL.JpegImagePlugin import JpegImageFile

from convsight.images.remarks import remark_on

if TYPE_CHECKING:
    from PIL._imaging import PixelAccess

_Part = Literal["data", "tail", "spare", "end"]

_START_BYTES, _END = 2, b"\xff\xd9"
_FILLING = b"\0\xff"  # stands before or behind the end marker of some files
_TAIL_BYTES = 16  # of the data: fewer that are not needed are taken for what some encoders fill up with
_SPARE_BYTES = 16  # a decoder looks no further ahead
# What could follow as well as anything else; it holds no 0xFF, which begins a marker.
_NOISE = random.Random(0).randbytes(2**15).replace(b"\xff", b"\x7f")  # noqa: S311

_AFTER_DATA: list[tuple[_Part, bytes]] = [("spare", _NOISE[:_SPARE_BYTES]), ("end", _END)]

_MISSING_END = "its end marker is missing; all of its pixels are there"
_DAMAGED = "damaged: part of its data cannot be decoded, so some of its pixels are made up"

# A marker with its length, as they stand before and between scans; and the next one behind a scan, in which neither a
# value of 0xFF nor a restart counts.
_SEGMENT = re.compile(rb"\xff+([\xc0-\xcf\xda-\xfe])(..)", re.DOTALL)
_NEXT_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
_BASELINE, _PROGRESSIVE, _SCAN = {0xC0, 0xC1}, 0xC2, 0xDA


class Jpeg(JpegImageFile):
    """A JPEG file, read as Pillow reads it, with remarks on what is wrong with it."""

    _parts: list[tuple[_Part, bytes]] | None = None  # of the end of the file that the decoder has not got yet
    _given: _Part = "data"  # what it got last
    _last = b""  # the bytes themselves, where they are not the last of the file

    def load(self) -> "PixelAccess | None":
        """Decode the pixels; where the end marker alone is missing, with one."""
        if not self.tile:  # they are decoded
            return super().load()
        tile = list(self.tile)
        try:
            return super().load()
        except OSError:
            if self.fp is None:
                raise
            self.fp.seek(0)
            content = _whole_but_for_its_end(self.fp.read())
            if content is None:
                raise
        self.fp, self.tile, self._im = BytesIO(content + _END), tile, None
        loaded = super().load()
        remark_on(self, _MISSING_END)
        return loaded

    def load_prepare(self) -> None:
        """Begin anew."""
        super().load_prepare()
        self._parts, self._given = None, "data"

    def load_read(self, read_bytes: int) -> bytes:
        """The next bytes for the decoder; those at the end of the file in parts."""
        assert self.fp is not None
        if self._parts is None:
            found = self.fp.read(read_bytes)
            if len(found) == read_bytes:
                self._last = found
                return found
            self._parts = parts_of(found)
        self._given, given = self._parts.pop(0) if self._parts else ("end", b"")
        return given

    def load_end(self) -> None:
        """Remark on what could be seen of the file while its pixels were decoded."""
        super().load_end()
        if self._given in {"tail", "spare"} or self.info.get("progressive"):
            return
        if self._parts is None and _END in self._last:  # something else follows the image: a preview, a film
            return
        assert self.fp is not None
        self.fp.seek(0)
        content = self.fp.read()
        layout = _layout_of(content)
        if layout.end < 0:
            remark_on(self, _MISSING_END)
        elif layout.frame in _BASELINE and layout.scans == 1 and not content[layout.end :].strip(_FILLING + _END):
            remark_on(self, _DAMAGED)


def parts_of(last: bytes) -> list[tuple[_Part, bytes]]:
    """The last bytes of a file as the decoder gets them: data, the last of these by themselves, spare ones, the end.

    They come all at once where they do not hold the end marker.
    """
    end = last.rfind(_END)
    if end < 0 or last[end + len(_END) :].strip(b"\0"):
        return [("data", last)]
    while end and last[end - 1] == 0xFF:
        end -= 1
    tail = max(0, end - _TAIL_BYTES)
    parts: list[tuple[_Part, bytes]] = [("data", last[:tail]), ("tail", last[tail:end])]
    return [part for part in parts if part[1]] + _AFTER_DATA


class _Layout(NamedTuple):
    """What the markers of a file say: its kind of frame, how many scans there are, and where the end marker is.

    `end` is below 0 where there is none. `is_complete` says whether every component has a scan and, of a progressive
    image, one for every bit of a coefficient.
    """

    frame: int
    scans: int
    end: int
    is_complete: bool


def _layout_of(content: bytes) -> _Layout:
    """The markers of the JPEG file `content`. Source: ITU-T T.81, sections B.2 and G.1."""
    missing: set[tuple[int, int]] = set()  # (component, coefficient) of which bits are still to come
    place, frame, scans = _START_BYTES, 0, 0
    while match := _SEGMENT.match(content, place):
        length = int.from_bytes(match[2], "big")
        body, place = content[match.end() : match.end() + length - 2], match.end() + length - 2
        if match[1][0] in {*_BASELINE, _PROGRESSIVE} and len(body) > 5:
            frame = match[1][0]
            coefficients = range(64 if frame == _PROGRESSIVE else 1)
            missing = {(component, at) for component in body[6::3][: body[5]] for at in coefficients}
        if match[1][0] != _SCAN or not body:
            continue
        scans += 1
        missing -= _finished(body, is_progressive=frame == _PROGRESSIVE)
        behind = _NEXT_MARKER.search(content, place)
        if behind is None:
            break
        place = behind.start()
        if content.startswith(_END, behind.end() - len(_END)):
            return _Layout(frame, scans, place, not missing)
    return _Layout(frame, scans, -1, not missing)


def _finished(scan: bytes, *, is_progressive: bool) -> set[tuple[int, int]]:
    """The (component, coefficient) whose last bits a scan brings, by its header."""
    count = scan[0]
    components = scan[1 : 1 + 2 * count : 2]
    first, last, bits = (*scan[1 + 2 * count : 4 + 2 * count], 0, 0, 0)[:3]
    if not is_progressive:
        return {(component, 0) for component in components}
    return {(component, at) for component in components for at in range(first, last + 1) if bits & 0x0F == 0}


def _whole_but_for_its_end(content: bytes) -> bytes | None:
    """The JPEG file `content` up to its end marker, where that alone is missing; else None.

    Where all of the data are there, what follows makes no difference to the pixels.
    """
    data = content.rstrip(b"\xff")
    layout = _layout_of(data)
    if layout.end >= 0 or not layout.is_complete:
        return None
    pixels = []
    for rest in (b"", _NOISE):
        with JpegImageFile(BytesIO(data + rest + _END)) as image:
            pixels.append(image.tobytes())
    return data if pixels[0] == pixels[1] else None
