"""TIFFs that Pillow alone reads wrongly or in part: written here byte by byte, so that the target is known."""

import struct
import zlib
from typing import Any, Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from convsight.images import ImageError, decode_image

Order = Literal["<", ">"]
SHORT, LONG = 3, 4
ORDERS: tuple[Order, Order] = ("<", ">")


def tiff(
    strips: list[bytes],
    size: tuple[int, int],
    order: Order = "<",
    *,
    bits: tuple[int, ...],
    sample_format: int = 1,
    photometric: int = 1,
    compress: bool = False,
    planar: int = 1,
    orientation: int = 1,
) -> bytes:
    """A TIFF with one directory; every strip holds all rows (TIFF 6.0, sections 2 and 8)."""
    strips = [zlib.compress(strip) for strip in strips] if compress else strips
    tags: dict[int, tuple[int, list[int]]] = {
        256: (LONG, [size[0]]),
        257: (LONG, [size[1]]),
        258: (SHORT, list(bits)),
        259: (SHORT, [8 if compress else 1]),
        262: (SHORT, [photometric]),
        273: (LONG, [0] * len(strips)),
        274: (SHORT, [orientation]),
        277: (SHORT, [len(bits)]),
        278: (LONG, [size[1]]),
        279: (LONG, [len(strip) for strip in strips]),
        284: (SHORT, [planar]),
        339: (SHORT, [sample_format] * len(bits)),
    }
    widths = {SHORT: 2, LONG: 4}
    start = 8 + 2 + 12 * len(tags) + 4
    long_values = sum(n for kind, v in tags.values() if (n := widths[kind] * len(v)) > 4)
    lengths = [0, *(len(strip) for strip in strips[:-1])]
    tags[273] = (LONG, [start + long_values + int(offset) for offset in np.cumsum(lengths)])
    entries, beside = b"", b""
    for tag, (kind, values) in sorted(tags.items()):
        packed = struct.pack(order + {SHORT: "H", LONG: "I"}[kind] * len(values), *values)
        if len(packed) > 4:
            field = struct.pack(order + "I", start + len(beside))
            beside += packed
        else:
            field = packed.ljust(4, b"\0")
        entries += struct.pack(order + "HHI", tag, kind, len(values)) + field
    head = {"<": b"II", ">": b"MM"}[order] + struct.pack(order + "HIH", 42, 8, len(tags))
    return head + entries + struct.pack(order + "I", 0) + beside + b"".join(strips)


def grey_tiff(values: NDArray[Any], order: Order = "<", photometric: int = 1, compress: bool = False) -> bytes:
    """One row of grey samples of any type."""
    return tiff(
        [values.astype(values.dtype.newbyteorder(order)).tobytes()],
        (values.size, 1),
        order,
        bits=(values.dtype.itemsize * 8,),
        sample_format={"u": 1, "i": 2, "f": 3}[values.dtype.kind],
        photometric=photometric,
        compress=compress,
    )


def shades(content: bytes) -> list[int]:
    """The grey shades of the first row."""
    pixels = np.asarray(decode_image(content))
    assert (pixels == pixels[:, :, :1]).all()
    return list(map(int, pixels[0, :, 0]))


SAMPLES: dict[str, NDArray[np.integer[Any]]] = {
    "uint8": np.array([0, 1, 127, 128, 255], np.uint8),
    "int8": np.array([-128, -1, 0, 1, 127], np.int8),
    "uint16": np.array([0, 1, 255, 256, 257, 4095, 32768, 65535], np.uint16),
    "int16": np.array([-32768, -256, -1, 0, 1, 255, 256, 32767], np.int16),
    "uint32": np.array([0, 1, 2**16, 2**24, 2**31 - 1, 2**31, 2**32 - 1], np.uint32),
    "int32": np.array([-(2**31), -(2**24), -1, 0, 2**24, 2**31 - 1], np.int32),
}


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize(
    ("kind", "order"),
    # Pillow has no reader for big-endian uint32; that it is an error is tested below.
    [(kind, order) for kind in SAMPLES for order in ORDERS if (kind, order) != ("uint32", ">")],
)
def test_integers_keep_their_upper_8_bits(kind: str, order: Order, compress: bool) -> None:
    values = SAMPLES[kind]
    limits = np.iinfo(values.dtype)
    steps = (int(limits.max) - int(limits.min) + 1) // 256
    expected = [(int(value) - int(limits.min)) // steps for value in values]
    assert shades(grey_tiff(values, order, compress=compress)) == expected


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("order", ORDERS)
def test_floats(order: Order, compress: bool) -> None:
    assert shades(grey_tiff(np.array([0, 0.25, 0.5, 1], np.float32), order, compress=compress)) == [0, 64, 128, 255]
    assert shades(grey_tiff(np.array([-1, 0, 3], np.float32), order, compress=compress)) == [0, 64, 255]


@pytest.mark.parametrize("compress", [False, True])
def test_12_bit_by_its_own_range(compress: bool) -> None:
    values = [0, 15, 16, 255, 2048, 4095]
    packed = int("".join(f"{value:012b}" for value in values), 2).to_bytes(9, "big")
    assert shades(tiff([packed], (6, 1), bits=(12,), compress=compress)) == [value // 16 for value in values]


@pytest.mark.parametrize("values", [SAMPLES["uint8"], SAMPLES["uint16"], np.array([0, 0.25, 1], np.float32)])
def test_white_is_zero_is_inverted_at_every_depth(values: NDArray[Any]) -> None:
    black_is_zero = shades(grey_tiff(values))
    assert shades(grey_tiff(values, photometric=0)) == [255 - shade for shade in black_is_zero]


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("planar", [1, 2])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_colours_interleaved_or_one_after_the_other(
    dtype: type[np.uint8 | np.uint16], planar: int, order: Order, compress: bool
) -> None:
    upper = np.arange(4 * 5 * 3).reshape(4, 5, 3) * 4
    values = (upper * 256 + 77 if dtype is np.uint16 else upper).astype(np.dtype(dtype).newbyteorder(order))
    layers = [values.tobytes()] if planar == 1 else [values[:, :, band].tobytes() for band in range(3)]
    bits = (values.dtype.itemsize * 8,) * 3
    content = tiff(layers, (5, 4), order, bits=bits, photometric=2, planar=planar, compress=compress)
    assert np.array_equal(np.asarray(decode_image(content)), upper)


def test_inks_of_16_bit() -> None:
    inks = np.array([[[0, 0, 0, 0], [0, 65535, 65535, 0], [0, 0, 0, 65535]]], np.uint16)
    content = tiff([inks.tobytes()], (3, 1), bits=(16,) * 4, photometric=5)
    assert np.asarray(decode_image(content)).tolist() == [[[255, 255, 255], [255, 0, 0], [0, 0, 0]]]


@pytest.mark.parametrize("compress", [False, True])
def test_orientation_is_applied_once(compress: bool) -> None:
    content = tiff([bytes(range(6))], (3, 2), bits=(8,), orientation=6, compress=compress)
    assert np.asarray(decode_image(content))[:, :, 0].tolist() == [[3, 0], [4, 1], [5, 2]]


@pytest.mark.parametrize(
    ("values", "order"),
    [(np.zeros(4, np.float64), "<"), (np.zeros(4, np.float16), "<"), (SAMPLES["uint32"], ">")],
)
def test_kinds_that_pillow_does_not_read_are_an_error(values: NDArray[Any], order: Order) -> None:
    with pytest.raises(ImageError, match="cannot be decoded"):
        decode_image(grey_tiff(values, order))
