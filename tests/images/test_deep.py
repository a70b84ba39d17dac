"""Whole numbers of more than 8 bits: 8 to 16 bits in every kind of file, shown by the range of a data set."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.images.test_png import COLOUR, COLOUR_ALPHA, GREY, GREY_ALPHA, png
from tests.images.test_tiff import tiff

from convsight.images import (
    Extent,
    ImageError,
    InputSize,
    ValueRange,
    decode_image,
    fitting_range,
    load_image,
    value_extent,
)

WHOLE = ValueRange(0, 65_535)
Make = Callable[[NDArray[np.uint16]], bytes]  # of (height, width, 3), grey of which is the first channel


def as_png(values: NDArray[np.uint16], kind: int) -> bytes:
    channels = {GREY: values[:, :, :1], COLOUR: values, GREY_ALPHA: values[:, :, :1], COLOUR_ALPHA: values}[kind]
    if kind in {GREY_ALPHA, COLOUR_ALPHA}:
        channels = np.concatenate([channels, np.full_like(channels[:, :, :1], 65_535)], axis=2)
    return png([row.astype(">u2").tobytes() for row in channels], values.shape[1], 16, kind)


def as_tiff(
    values: NDArray[np.uint16], order: Literal["<", ">"], colours: int, *, compress: bool = False, planar: bool = False
) -> bytes:
    channels = values[:, :, :colours].astype(f"{order}u2")
    strips = [channels[:, :, colour].tobytes() for colour in range(colours)] if planar else [channels.tobytes()]
    return tiff(
        strips,
        (values.shape[1], values.shape[0]),
        order,
        bits=(16,) * colours,
        photometric=2 if colours == 3 else 1,
        compress=compress,
        planar=2 if planar else 1,
    )


def as_netpbm(values: NDArray[np.uint16], kind: str) -> bytes:
    channels = values if kind == "P6" else values[:, :, :1]
    return f"{kind} {values.shape[1]} {values.shape[0]} 65535\n".encode() + channels.astype(">u2").tobytes()


GREYS: dict[str, Make] = {
    "PNG": lambda values: as_png(values, GREY),
    "PNG with alpha": lambda values: as_png(values, GREY_ALPHA),
    "little-endian TIFF": lambda values: as_tiff(values, "<", 1),
    "big-endian TIFF": lambda values: as_tiff(values, ">", 1),
    "packed big-endian TIFF": lambda values: as_tiff(values, ">", 1, compress=True),
    "PGM": lambda values: as_netpbm(values, "P5"),
}
COLOURS: dict[str, Make] = {
    "PNG": lambda values: as_png(values, COLOUR),
    "PNG with alpha": lambda values: as_png(values, COLOUR_ALPHA),
    "little-endian TIFF": lambda values: as_tiff(values, "<", 3),
    "big-endian TIFF": lambda values: as_tiff(values, ">", 3),
    "packed little-endian TIFF": lambda values: as_tiff(values, "<", 3, compress=True),
    "packed big-endian TIFF": lambda values: as_tiff(values, ">", 3, compress=True),
    "TIFF in planes": lambda values: as_tiff(values, ">", 3, planar=True),
    "PPM": lambda values: as_netpbm(values, "P6"),
}
FILES = pytest.mark.parametrize(
    ("make", "is_grey"),
    [(make, True) for make in GREYS.values()] + [(make, False) for make in COLOURS.values()],
    ids=[f"grey {name}" for name in GREYS] + [f"colour {name}" for name in COLOURS],
)


def extent_of(content: bytes, folder: Path) -> Extent | None:
    """What is found of a file with such content."""
    file = folder / "image"
    file.write_bytes(content)
    return value_extent(file)


def pictures(bits: int, is_grey: bool) -> NDArray[np.uint16]:
    """Pixels (5, 7, 3) of so many bits, the highest among them."""
    values = np.random.default_rng(bits).integers(0, 2**bits, (5, 7, 3)).astype(np.uint16)
    values[0, 0], values[0, 1] = 0, 2**bits - 1
    return values[:, :, :1].repeat(3, axis=2) if is_grey else values


@FILES
@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_few_bits_are_shown_whole(make: Make, is_grey: bool, bits: int, tmp_path: Path) -> None:
    values = pictures(bits, is_grey)
    content = make(values)
    extent = extent_of(content, tmp_path)
    assert extent == Extent(0, 2**bits - 1, WHOLE)
    shown = fitting_range([extent])
    assert shown == ValueRange(0, 2**bits - 1)
    assert np.array_equal(np.asarray(decode_image(content, shown=shown)), values >> (bits - 8))


@FILES
def test_without_a_range_the_upper_byte_is_kept_and_few_shades_are_told(make: Make, is_grey: bool) -> None:
    values = pictures(11, is_grey)
    fitted = load_image(make(values), InputSize(5, 7))
    assert np.array_equal(fitted.pixels, values >> 8)
    assert fitted.remark == ("its values go from 0 to 2,047 only, which leaves 8 of 256 shades; save it with 8 bits")
    assert load_image(make(pictures(16, is_grey)), InputSize(5, 7)).remark == ""


@FILES
def test_without_a_range_one_shade_is_refused(make: Make, is_grey: bool) -> None:
    with pytest.raises(ImageError, match=r"holds 16-bit integers that differ by 255 at most"):
        decode_image(make(pictures(8, is_grey)))
    black = np.zeros((5, 7, 3), np.uint16)
    assert not np.asarray(decode_image(make(black))).any()


def test_values_outside_of_the_range_are_its_ends_and_told() -> None:
    values = pictures(12, is_grey=True)
    fitted = load_image(as_png(values, GREY), InputSize(5, 7), shown=ValueRange(1000, 2023))
    assert np.array_equal(fitted.pixels, np.clip((values.astype(int) - 1000) >> 2, 0, 255))
    assert fitted.remark.startswith("its values go from 0 to 4,095, beyond the range of the training images, 1,000 to")
    many = np.zeros((20, 20, 3), np.uint16)
    many[0, 0] = 4095  # one pixel of 400
    assert load_image(as_png(many, GREY), InputSize(20, 20), shown=ValueRange(0, 255)).remark == ""


def test_the_range_of_a_data_set() -> None:
    def found(*extents: tuple[int, int]) -> ValueRange | None:
        return fitting_range([Extent(*each, WHOLE) for each in extents])

    assert found() is None
    assert found((0, 3), (0, 255)) == (0, 255)
    assert found((7, 90)) == (0, 255)
    assert found((0, 255), (40, 256)) == (0, 511)
    assert found((29_315, 31_000), (29_000, 29_100)) == (29_000, 31_000)  # a thermal camera
    assert found((20_000, 60_000)) == WHOLE
    assert found((500, 500)) == (0, 511)
    assert found((-1024, 3071)) == (-4096, 4095)  # a CT in signed numbers
    assert found((-300, 90)) == (-512, 511)
    assert found((-32_768, 32_767)) == (-32_768, 32_767)


def test_signed_and_32_bit_whole_numbers_follow_the_range(tmp_path: Path) -> None:
    values = np.array([[-512, 0, 511]])
    orders: tuple[tuple[Literal["<", ">"], int], ...] = (("<", 2), (">", 4))
    for order, width in orders:
        content = tiff([values.astype(f"{order}i{width}").tobytes()], (3, 1), order, bits=(8 * width,), sample_format=2)
        half = 2 ** (8 * width - 1)
        assert extent_of(content, tmp_path) == Extent(-512, 511, ValueRange(-half, half - 1))
        assert np.asarray(decode_image(content, shown=ValueRange(-512, 511)))[0, :, 0].tolist() == [0, 128, 255]
    large = np.array([[0, 2**31, 2**32 - 1]], "<u4")
    content = tiff([large.tobytes()], (3, 1), "<", bits=(32,))
    whole = ValueRange(0, 2**32 - 1)
    assert extent_of(content, tmp_path) == Extent(*whole, whole)
    assert np.asarray(decode_image(content, shown=whole))[0, :, 0].tolist() == [0, 128, 255]


def test_a_transparent_value_stays_white() -> None:
    rows = [np.array([0, 100, 255], ">u2").tobytes()]
    read = decode_image(png(rows, 3, 16, GREY, b"\0\x64"), shown=ValueRange(0, 255))
    assert np.asarray(read)[0, :, 0].tolist() == [0, 255, 255]


def test_images_of_8_bits_have_no_extent(tmp_path: Path) -> None:
    assert extent_of(b"P6 1 1 255\nabc", tmp_path) is None
    assert extent_of(b"nothing", tmp_path) is None
    assert value_extent(tmp_path / "missing") is None
