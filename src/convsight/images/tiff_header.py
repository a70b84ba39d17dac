"""What the header of a TIFF says of its samples, and the one rule by which a file holds bands and no picture."""

from contextlib import AbstractContextManager, nullcontext
from io import BytesIO
from pathlib import Path
from struct import calcsize, unpack
from typing import BinaryIO, NamedTuple

from convsight.images.errors import ImageError
from convsight.images.regular_file import opened_file

TIFF_SUFFIXES = frozenset({".tif", ".tiff"})

_SIGNS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC, _SAMPLES, _EXTRA, _FORMAT = 256, 257, 258, 262, 277, 338, 339
_WANTED = {_WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC, _SAMPLES, _EXTRA, _FORMAT}
_TYPES = {1: "B", 3: "H", 4: "I", 16: "Q"}  # of tags, as `struct` calls them
_MOST_TAGS, _MOST_VALUES = 65_535, 65_535


class _Layout(NamedTuple):
    """Where the first directory's place ends, and how lengths and places are stored."""

    first: int
    length: str
    offset: str


_CLASSIC, _BIG = _Layout(8, "H", "I"), _Layout(16, "Q", "Q")
_KINDS = {1: "uint", 2: "int", 3: "float", 5: "complex", 6: "complex"}
_RGB = 2
_ALPHAS = (1, 2)  # premultiplied or not; 0 is a sample of which nothing is known
_OTHER_COLOURS = {3: 1, 5: 4, 6: 3, 8: 3}  # palettes, CMYK, YCbCr, CIELAB: their samples


class TiffHeader(NamedTuple):
    """The sides in pixels of the first picture in a TIFF, the samples of a pixel and what they are.

    `dtype` is that of the first sample, as NumPy calls it; `extra` says of the last samples whether they are alpha.
    """

    width: int
    height: int
    samples: int
    dtype: str
    photometric: int
    extra: tuple[int, ...]

    @property
    def is_banded(self) -> bool:
        """Whether it holds bands: neither grey nor colours, perhaps with transparency, as pictures have them.

        A sample beside red, green and blue of which the header does not say that it is transparency is a band.
        """
        if self.photometric in _OTHER_COLOURS:
            return False
        colours = 3 if self.photometric == _RGB else 1
        alphas = self.samples - colours
        if alphas not in {0, 1} or (alphas == 1 and self.extra[-1:] not in {(alpha,) for alpha in _ALPHAS}):
            return True
        return self.samples > 1 and self.dtype not in {"uint8", "uint16"}

    @property
    def words(self) -> str:
        """What a pixel holds.

        >>> TiffHeader(8, 8, 4, "int16", 1, (0, 0, 0)).words
        '4 bands of int16'
        """
        return f"{self.samples} band{'s' * (self.samples != 1)} of {self.dtype}"


def is_tiff(start: bytes) -> bool:
    """Whether the content of a file that begins with `start` is a TIFF."""
    return start[:4] in _SIGNS


def is_tiff_source(source: Path | bytes) -> bool:
    """Whether a file, or the content of one, begins as a TIFF; False where it cannot be read."""
    if isinstance(source, bytes):
        return is_tiff(source)
    try:
        with opened_file(source) as file:
            return is_tiff(file.read(4))
    except (OSError, ImageError):
        return False


def tiff_header(source: Path | bytes | BinaryIO) -> TiffHeader | None:
    """The header of a TIFF: a file, the content of one, or one that is open; None where it is none, or damaged.

    Nothing is decoded. Of several pictures in the file it is that of the first.
    """
    try:
        with _opened(source) as file:
            return _header(file)
    # A damaged header may raise anything; whoever decodes the file will say what is wrong.
    except Exception:
        return None


def banded_header(file: BinaryIO) -> TiffHeader | None:
    """The header of an open file that holds bands; None for others. Its reading begins anew afterwards."""
    header = tiff_header(file)
    file.seek(0)
    return header if header and header.is_banded else None


def _opened(source: Path | bytes | BinaryIO) -> AbstractContextManager[BinaryIO]:
    match source:
        case Path():
            return opened_file(source)
        case bytes():
            return nullcontext(BytesIO(source))
        case _:
            return nullcontext(source)


def _header(file: BinaryIO) -> TiffHeader | None:
    start = file.read(8)
    if not is_tiff(start):
        return None
    layout = _BIG if start[2:4].strip(b"\0") == b"+" else _CLASSIC
    order = "<" if start.startswith(b"II") else ">"
    tags = _tags(file, start + file.read(layout.first - 8), order, layout)
    samples = tags.get(_SAMPLES, (1,))[0]
    kind, bits = tags.get(_FORMAT, (1,))[0], tags.get(_BITS, (1,))[0]
    return TiffHeader(
        tags[_WIDTH][0],
        tags[_HEIGHT][0],
        samples,
        f"{_KINDS.get(kind, 'uint')}{bits}",
        tags.get(_PHOTOMETRIC, (1,))[0],
        tags.get(_EXTRA, ()),
    )


def _tags(file: BinaryIO, start: bytes, order: str, layout: _Layout) -> dict[int, tuple[int, ...]]:
    """The values of the wanted tags in the first directory of an open TIFF that begins with `start`."""
    (place,) = unpack(order + layout.offset, start[-calcsize(layout.offset) :])
    file.seek(place)
    (count,) = unpack(order + layout.length, file.read(calcsize(layout.length)))
    size = calcsize(f"<HH{layout.offset}") + calcsize(layout.offset)
    entries = file.read(min(count, _MOST_TAGS) * size)
    if len(entries) < count * size:
        raise ValueError("the directory is cut short")
    found: dict[int, tuple[int, ...]] = {}
    for begin in range(0, len(entries) - size + 1, size):
        tag, kind, length = unpack(f"{order}HH{layout.offset}", entries[begin : begin + size - calcsize(layout.offset)])
        if tag not in _WANTED or tag in found or kind not in _TYPES:
            continue
        values, length = entries[begin : begin + size][-calcsize(layout.offset) :], min(length, _MOST_VALUES)
        if (long := calcsize(f"<{length}{_TYPES[kind]}")) > len(values):
            file.seek(unpack(order + layout.offset, values)[0])
            values = file.read(long)
        found[tag] = unpack(f"{order}{length}{_TYPES[kind]}", values[:long])
    return found
