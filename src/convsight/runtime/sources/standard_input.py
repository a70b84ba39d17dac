"""Standard input as a source: the bytes of one image, or a path or URL a line, taken up as lines arrive."""

import codecs
import os
import re
from collections.abc import Callable, Iterator
from functools import partial

from convsight.errors import UserError
from convsight.images import Source
from convsight.images.formats import HEAD_BYTES, reader_of
from convsight.inputs.array_file import starts_like_array
from convsight.runtime.sources.item import Item

NAME = "-"
_CHUNK = 1 << 16  # bytes
_LONGEST_LINE = 1 << 20  # bytes; no path or URL is as long

# A Netpbm image by its sign and sides, which no line of a list looks like; and what may still become one.
_NETPBM = re.compile(rb"P[1-6]\s+(#[^\n]*\n\s*)*\d+\s+\d+\s")
_PERHAPS_NETPBM = re.compile(rb"P[1-6](\s+(#[^\n]*\n\s*)*(#[^\n]*|\d+(\s+\d*)?)?)?")
_LONGEST_HEADER = 4096  # bytes

Read = Callable[[int], bytes]  # at most so many bytes, as soon as there are any; none at the end

# The descriptor itself: a thread that waits in Python's buffered standard input would crash the end of the process.
read_stdin: Read = partial(os.read, 0)


def standard_input_items(items_of_line: Callable[[str], Iterator[Item]], read: Read = read_stdin) -> Iterator[Item]:
    """The image on standard input where it starts like one, else the items of each line."""
    start = _start(read)
    if starts_like_image(start):
        yield Item(NAME, lambda: _whole(start, read))
        return
    for line in _lines(*_in_utf8(start, read)):
        if line:
            yield from items_of_line(line)


def _start(read: Read) -> bytes:
    """Enough bytes to know an image, or a first line, whatever comes first: nobody should wait for a second one."""
    start = b""
    while (len(start) < HEAD_BYTES or _is_open(start)) and not _has_line(start) and (chunk := read(_CHUNK)):
        start += chunk
    return start


def starts_like_image(start: bytes) -> bool:
    r"""Whether `start` is that of an image or an array, and not a path which begins with the same letters.

    >>> starts_like_image(b"BM6\x00\x00\x00"), starts_like_image(b"BMW.jpg\n")
    (True, False)
    """
    head = start[:HEAD_BYTES]
    if _is_text(head):
        return _NETPBM.match(start) is not None
    return reader_of(head) is not None or starts_like_array(head)


def _has_line(start: bytes) -> bool:
    # A GIF ten pixels wide goes on with a line feed and a zero.
    is_open = start in {b"GIF87a\n", b"GIF89a\n"} or _is_open(start)
    return b"\n" in start and _is_text(start) and not is_open


def _is_open(start: bytes) -> bool:
    """Whether what follows decides if this is a Netpbm image."""
    return len(start) < _LONGEST_HEADER and _PERHAPS_NETPBM.fullmatch(start) is not None


def _is_text(head: bytes) -> bool:
    # JPEG, PNG and arrays start with bytes that begin no character of UTF-8, the others hold zeros.
    return all(byte >= 32 or byte in b"\r\n\t" for byte in head) and head[:1] not in {b"\xff", b"\x89", b"\x93"}


def _in_utf8(start: bytes, read: Read) -> tuple[bytes, Read]:
    """`start` and what reads the rest, as text in UTF-8 without the mark that some programs begin it with.

    Text in UTF-16, which PowerShell writes, is known by its mark, or by the zeros that no path holds.
    """
    if start.startswith(codecs.BOM_UTF8):
        return start[len(codecs.BOM_UTF8) :], read
    big = start.startswith(codecs.BOM_UTF16_BE) or start[:1] == b"\0"
    if not big and not start.startswith(codecs.BOM_UTF16_LE) and start[1:2] != b"\0":
        return start, read
    decoder = codecs.getincrementaldecoder("utf-16-be" if big else "utf-16-le")("surrogatepass")

    def decoded(content: bytes) -> bytes:
        return decoder.decode(content).encode(errors="surrogatepass")

    def read_on(most: int) -> bytes:
        while chunk := read(most):
            if text := decoded(chunk):
                return text
        return b""

    return decoded(start).removeprefix(codecs.BOM_UTF8), read_on


def _whole(start: bytes, read: Read) -> Source:
    parts = [start]
    while chunk := read(_CHUNK):
        parts.append(chunk)
    return b"".join(parts)


def _lines(rest: bytes, read: Read) -> Iterator[str]:
    while True:
        *lines, rest = rest.split(b"\n")
        yield from map(_text, lines)
        chunk = read(_CHUNK)
        if not chunk:
            break
        rest += chunk
        if len(rest) > _LONGEST_LINE and b"\n" not in rest:
            raise UserError("standard input holds neither an image nor lines; give an image, or a path or URL a line")
    yield _text(rest)


def _text(line: bytes) -> str:
    return os.fsdecode(line.removesuffix(b"\r"))
