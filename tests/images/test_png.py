"""PNGs of every bit depth, written here byte by byte, with and without a transparent colour."""

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convsight.images import ImageError, decode_image, image_size

Encode = Callable[..., bytes]

GREY, COLOUR, GREY_ALPHA, COLOUR_ALPHA = 0, 2, 4, 6


def chunk(name: bytes, data: bytes) -> bytes:
    """A part of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(rows: list[bytes], width: int, depth: int, kind: int, transparent: bytes = b"") -> bytes:
    """A PNG without filters (PNG specification, sections 5 and 11)."""
    header = struct.pack(">IIBBBBB", width, len(rows), depth, kind, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    colour = chunk(b"tRNS", transparent) if transparent else b""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + colour + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize("transparent", [None, 1, 2])
@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_grey_of_every_depth(depth: int, transparent: int | None) -> None:
    most = 2**depth - 1
    values = [0, min(1, most), min(2, most), most // 2, most]
    bits = "".join(f"{value:0{depth}b}" for value in values)
    row = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    colour = b"" if transparent is None else struct.pack(">H", transparent)
    # Up to 8 bits white stays white; of 16 bits the upper 8 are kept.
    expected = [value // 256 if depth == 16 else value * 255 // most for value in values]
    expected = [255 if value == transparent else shade for value, shade in zip(values, expected, strict=True)]
    read = np.asarray(decode_image(png([row], len(values), depth, GREY, colour)))
    assert read[0].tolist() == [[shade] * 3 for shade in expected]


def test_16_bit_colour() -> None:
    values = np.array([[[0, 255, 256], [65535, 32768, 4095]]], ">u2")
    read = np.asarray(decode_image(png([values.tobytes()], 2, 16, COLOUR)))
    assert read.tolist() == (values // 256).tolist()


def test_16_bit_colour_with_a_transparent_one() -> None:
    values = np.array([[[0x8000, 0, 0], [0, 0, 0]]], ">u2")
    read = np.asarray(decode_image(png([values.tobytes()], 2, 16, COLOUR, values[0, 0].tobytes())))
    assert read.tolist() == [[[255, 255, 255], [0, 0, 0]]]


def test_16_bit_with_alpha() -> None:
    grey = np.array([[[0x4000, 0xFFFF], [0x4000, 0]]], ">u2")
    read = np.asarray(decode_image(png([grey.tobytes()], 2, 16, GREY_ALPHA)))
    assert read.tolist() == [[[0x40] * 3, [255] * 3]]
    colour = np.array([[[0x1000, 0x2000, 0x3000, 0xFFFF], [0x1000, 0x2000, 0x3000, 0]]], ">u2")
    read = np.asarray(decode_image(png([colour.tobytes()], 2, 16, COLOUR_ALPHA)))
    assert read.tolist() == [[[0x10, 0x20, 0x30], [255] * 3]]


# What nobody needs.


def test_chunks_that_nobody_needs_may_be_large_or_damaged(photo: Image.Image, encode: Encode) -> None:
    content = encode(photo, "PNG")
    behind = content.rindex(b"IEND") - 4
    wrong = chunk(b"tEXt", b"Comment\0cat")[:-4] + b"\0\0\0\0"
    faulty = {
        "a text with another checksum": wrong,
        "a text that unpacks to much": chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(2**26))),
        "a text of many bytes": chunk(b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(bytes(2**26))),
        "a profile packed otherwise": chunk(b"iCCP", b"sRGB\0\7nothing"),
        "a profile that unpacks to much": chunk(b"iCCP", b"sRGB\0\0" + zlib.compress(bytes(2**26))),
        "a short resolution": chunk(b"pHYs", b"\0"),
        "a short chromaticity": chunk(b"cHRM", b"\0"),
        "an animation of nothing": chunk(b"acTL", b"\0"),
        "an EXIF with another checksum": chunk(b"eXIf", b"Exif")[:-4] + b"\0\0\0\0",
    }
    for what, part in faulty.items():
        for place in (33, behind):  # behind IHDR, before IEND
            read = decode_image(content[:place] + part + content[place:])
            assert np.array_equal(np.asarray(read), np.asarray(photo)), what


def test_their_size_is_in_the_header_all_the_same(photo: Image.Image, encode: Encode, tmp_path: Path) -> None:
    content = encode(photo, "PNG")
    file = tmp_path / "cat.png"
    file.write_bytes(content[:33] + chunk(b"iCCP", b"sRGB\0\7nothing") + content[33:])
    assert image_size(file) == photo.size


def test_a_faulty_text_does_not_lie_down_what_stood(photo: Image.Image, encode: Encode) -> None:
    exif = Image.Exif()
    exif[274] = 6
    content = encode(photo, "PNG", exif=exif)
    turned = decode_image(content[:33] + chunk(b"iCCP", b"sRGB\0\7nothing") + content[33:])
    assert turned.size == photo.size[::-1]


@pytest.mark.parametrize("name", [b"IHDR", b"PLTE", b"tRNS"])
def test_a_needed_chunk_must_be_whole(name: bytes) -> None:
    palette = Image.new("P", (3, 2))
    palette.putpalette([1, 2, 3, 4, 5, 6])
    file = BytesIO()
    palette.save(file, "PNG", transparency=1)
    content = bytearray(file.getvalue())
    place = content.index(name)
    content[place + 4 + int.from_bytes(content[place - 4 : place], "big")] ^= 1
    with pytest.raises(ImageError):
        decode_image(bytes(content))
