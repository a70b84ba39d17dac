"""PNGs of every bit depth, written here byte by byte, with and without a transparent colour."""

import struct
import zlib

import numpy as np
import pytest

from convsight.images import decode_image

GREY, COLOUR, GREY_ALPHA, COLOUR_ALPHA = 0, 2, 4, 6


def png(rows: list[bytes], width: int, depth: int, kind: int, transparent: bytes = b"") -> bytes:
    """A PNG without filters (PNG specification, sections 5 and 11)."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

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
