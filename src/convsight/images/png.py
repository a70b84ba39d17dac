"""PNG files whose pixels are fine and whose remarks, profiles or other side matters are not."""

import zlib
from contextlib import suppress
from io import BytesIO

from PIL.PngImagePlugin import PngImageFile

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# What is needed to see the pixels: PNG specification, section 5.6; `eXIf` tells how a camera was held.
_NEEDED = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_NEEDED_IF_WHOLE = {b"eXIf"}


class Png(PngImageFile):
    """A PNG file; texts, profiles and other chunks that nobody needs may be too large or damaged."""

    def _open(self) -> None:
        assert self.fp is not None
        try:
            super()._open()
        # A faulty text may raise anything. What is wrong with a needed chunk is raised once more.
        except Exception:
            self.fp.seek(0)
            self.fp = BytesIO(needed_chunks(self.fp.read()))
            super()._open()

    def load_end(self) -> None:
        """Read what follows the pixels, which are decoded by now: nothing there can make them worse."""
        with suppress(Exception):
            super().load_end()


def needed_chunks(content: bytes) -> bytes:
    """The PNG file `content` without chunks that are not needed to see its pixels; what is left stays as it is."""
    kept, place = [content[: len(_SIGNATURE)]], len(_SIGNATURE)
    while place + 8 <= len(content):
        name = content[place + 4 : place + 8]
        end = place + 12 + int.from_bytes(content[place : place + 4], "big")
        whole = zlib.crc32(content[place + 4 : end - 4]) == int.from_bytes(content[end - 4 : end], "big")
        if name in _NEEDED or (name in _NEEDED_IF_WHOLE and whole):
            kept.append(content[place:end])
        place = end
    return b"".join(kept)
