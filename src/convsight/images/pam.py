"""PAM files of netpbm: grey or RGB, with or without alpha, of 1 to 16 bits.

Source: the manual page "PAM format specification" of netpbm.
"""

import re

from PIL.ImageFile import ImageFile, _Tile

SIGN = re.compile(rb"P7\s*\n")

_MOST_HEADER_BYTES = 2**16
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}  # by the number of planes
_FIELDS = (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL")
_LOWEST, _BYTE, _WORD = 1, 255, 65_535


class Pam(ImageFile):
    """A PAM file, as Pillow reads its older relatives."""

    format = "PAM"
    format_description = "Portable Arbitrary Map"

    _largest = _BYTE

    def _open(self) -> None:
        width, height, planes, self._largest = self._header()
        if planes not in _MODES:
            raise SyntaxError(f"{planes} planes; expected 1 to 4: grey or RGB, with or without alpha")
        if not _LOWEST <= self._largest <= _WORD or (_BYTE < self._largest < _WORD and planes > 1):
            raise SyntaxError(f"MAXVAL {self._largest}; expected 1 to 255, 65535, or of grey anything up to that")
        self._size, self._mode = (width, height), _MODES[planes]
        layout = self._mode
        if self._largest > _BYTE:
            layout = f"{self._mode};16B" if planes > 1 else "I;16B"
            # Pillow takes two planes of 16 bits for four of 8.
            self._mode = {1: "I;16", 2: "RGBA"}.get(planes, self._mode)
        assert self.fp is not None
        self.tile = [_Tile("raw", (0, 0, width, height), self.fp.tell(), layout)]

    def load_end(self) -> None:
        """Spread values of fewer than 8 bits over the whole range."""
        super().load_end()
        if self._largest < _BYTE:
            levels = [min(_BYTE, int(_BYTE * value / self._largest + 0.5)) for value in range(_BYTE + 1)]
            self._im = self.im.point(levels * len(self.getbands()), None)

    def _header(self) -> tuple[int, ...]:
        """Width, height, number of planes and largest value, by the lines up to ENDHDR."""
        assert self.fp is not None
        found: dict[bytes, int] = {}
        left = _MOST_HEADER_BYTES
        while left > 0 and (line := self.fp.readline(left)):
            left -= len(line)
            words = line.split()
            if words == [b"ENDHDR"]:
                break
            if len(words) == 2 and words[0] in _FIELDS and words[1].isdigit() and len(words[1]) < 10:
                found[words[0]] = int(words[1])
        else:
            raise SyntaxError("its header has no end")
        missing = [name.decode() for name in _FIELDS if name not in found]
        if missing:
            raise SyntaxError(f"its header lacks {' and '.join(missing)}")
        return tuple(found[name] for name in _FIELDS)
