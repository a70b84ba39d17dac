"""Every mode of Pillow becomes RGB; deep ones by the range of their type, transparent ones on white."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image, ImageCms

from convsight.images import ImageError, ValueRange, decode_image

Encode = Callable[..., bytes]


def rgb(image: Image.Image) -> NDArray[np.int64]:
    """Pixels of `image` as read, as wide integers so that differences do not wrap."""
    read = decode_image(image)
    assert read.mode == "RGB"
    return np.asarray(read).astype(np.int64)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBX", "CMYK", "YCbCr", "HSV"])
def test_plain_modes_are_converted_as_pillow_does(photo: Image.Image, mode: str) -> None:
    image = photo.convert(mode)
    assert np.array_equal(rgb(image), np.asarray(image.convert("RGB")))


def test_grey_has_three_equal_channels(photo: Image.Image) -> None:
    pixels = rgb(photo.convert("L"))
    assert np.array_equal(pixels, np.asarray(photo.convert("L"))[:, :, None].repeat(3, 2))


def test_lab_comes_back(photo: Image.Image, encode: Encode) -> None:
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    lab = ImageCms.applyTransform(photo, ImageCms.buildTransform(*profiles, "RGB", "LAB"))
    assert lab is not None
    assert np.abs(rgb(lab) - np.asarray(photo)).mean() < 2
    stored = np.asarray(decode_image(encode(lab, "TIFF"))).astype(int)
    assert np.abs(stored - np.asarray(photo)).mean() < 2


@pytest.mark.parametrize("adobe", [False, True])
def test_cmyk_jpeg_is_not_negative(encode: Encode, adobe: bool) -> None:
    inks = np.zeros((16, 64, 4), np.uint8)  # none: white paper; then yellow and magenta: red; then all: black
    inks[:, 16:32, 1:3] = 255
    inks[:, 32:, :] = 255
    content = encode(Image.fromarray(inks, "CMYK"), "JPEG", quality=95)
    if adobe:  # the marker Adobe's programs write, with "no colour transform"
        content = content[:2] + b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00" + content[2:]
    pixels = np.asarray(decode_image(content)).astype(int)
    for column, colour in ((8, (255, 255, 255)), (24, (255, 0, 0)), (56, (0, 0, 0))):
        assert np.abs(pixels[8, column] - colour).max() <= 4


# Transparency.


def on_white(colour: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.float64]:
    share = alpha[..., None] / 255
    blended: NDArray[np.float64] = colour * share + 255 * (1 - share)
    return blended


@given(arrays(np.uint8, (3, 5, 4)))
def test_rgba_is_laid_on_white(pixels: NDArray[np.uint8]) -> None:
    expected = on_white(pixels[:, :, :3], pixels[:, :, 3])
    assert np.abs(rgb(Image.fromarray(pixels)) - expected).max() <= 1


@given(arrays(np.uint8, (3, 5, 2)))
def test_grey_with_alpha_is_laid_on_white(pixels: NDArray[np.uint8]) -> None:
    expected = on_white(pixels[:, :, :1].repeat(3, 2), pixels[:, :, 1])
    assert np.abs(rgb(Image.fromarray(pixels)) - expected).max() <= 1


@given(arrays(np.uint8, (3, 5, 4)))
def test_premultiplied_alpha_is_laid_on_white(pixels: NDArray[np.uint8]) -> None:
    colour = np.minimum(pixels[:, :, :3], pixels[:, :, 3:])
    expected = colour.astype(int) + 255 - pixels[:, :, 3:]
    stored = np.concatenate([colour, pixels[:, :, 3:]], -1)
    assert np.abs(rgb(Image.frombytes("RGBa", (5, 3), stored.tobytes())) - expected).max() <= 2
    grey = Image.frombytes("La", (5, 3), stored[:, :, [0, 3]].tobytes())
    assert np.abs(rgb(grey) - expected[:, :, :1]).max() <= 2


@pytest.mark.parametrize(("format_name", "options"), [("PNG", {}), ("WEBP", {"lossless": True, "exact": True})])
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_files_with_alpha(
    photo: Image.Image, encode: Encode, format_name: str, options: dict[str, bool], mode: str
) -> None:
    image = photo.convert(mode)
    image.putalpha(Image.linear_gradient("L").resize(photo.size))
    expected = on_white(np.asarray(image.convert("RGBA"))[:, :, :3], np.asarray(image.getchannel("A")))
    stored = np.asarray(decode_image(encode(image, format_name, **options)))
    assert np.abs(stored - expected).max() <= 1


def palette_image(mode: str = "P") -> Image.Image:
    image = Image.new("P", (3, 1))
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    image.putdata([0, 1, 2])
    return image.convert(mode)


def test_palette_with_one_transparent_colour(encode: Encode) -> None:
    for format_name in ("PNG", "GIF"):
        content = encode(palette_image(), format_name, transparency=1)
        assert np.asarray(decode_image(content)).tolist() == [[[10, 20, 30], [255, 255, 255], [70, 80, 90]]]


def test_palette_with_alpha_for_each_colour(encode: Encode) -> None:
    content = encode(palette_image(), "PNG", transparency=bytes([0, 255, 128]))
    first, second, third = np.asarray(decode_image(content))[0].tolist()
    assert first == [255, 255, 255]
    assert second == [40, 50, 60]
    assert np.abs(np.array(third) - on_white(np.array([70, 80, 90], np.uint8), np.array(128, np.uint8))).max() <= 1


def test_palette_with_its_own_alpha_and_alpha_beside_the_palette() -> None:
    own = Image.new("P", (2, 1))
    own.putpalette([10, 20, 30, 255, 40, 50, 60, 0], "RGBA")
    own.putdata([0, 1])
    assert rgb(own).tolist() == [[[10, 20, 30], [255, 255, 255]]]
    beside = palette_image("PA")
    beside.putalpha(Image.frombytes("L", (3, 1), bytes([255, 0, 255])))
    assert rgb(beside).tolist() == [[[10, 20, 30], [255, 255, 255], [70, 80, 90]]]


def test_transparent_colour_of_an_image_without_palette(encode: Encode) -> None:
    colours = np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8)
    content = encode(Image.fromarray(colours), "PNG", transparency=(4, 5, 6))
    assert np.asarray(decode_image(content)).tolist() == [[[1, 2, 3], [255, 255, 255]]]


# Deep images.


@pytest.mark.parametrize(("mode", "order"), [("I;16", "<"), ("I;16L", "<"), ("I;16B", ">"), ("I;16N", "=")])
@given(values=st.lists(st.integers(0, 2**16 - 1), min_size=1, max_size=20))
def test_16_bit_keeps_the_upper_byte(mode: str, order: str, values: list[int]) -> None:
    image = Image.frombytes(mode, (len(values), 1), np.array(values, f"{order}u2").tobytes())
    read = np.asarray(decode_image(image, shown=ValueRange(0, 65_535)))
    assert read[0, :, 1].tolist() == [value // 256 for value in values]


def test_16_bit_spans_black_to_white() -> None:
    image = Image.fromarray(np.array([[0, 255, 256, 32768, 65535]], np.uint16))
    assert rgb(image)[0, :, 0].tolist() == [0, 0, 1, 128, 255]


def test_32_bit_integers_span_their_type() -> None:
    image = Image.fromarray(np.array([[-(2**31), -(2**24), -1, 0, 2**24, 2**31 - 1]], np.int32))
    assert rgb(image)[0, :, 0].tolist() == [0, 127, 127, 128, 129, 255]


def test_32_bit_integers_in_a_tiny_range_are_refused_rather_than_made_one_shade() -> None:
    with pytest.raises(ImageError, match=r"32-bit integers that differ by 4095 at most.*16-bit"):
        decode_image(Image.fromarray(np.array([[0, 100, 4095]], np.int32)))
    assert (rgb(Image.new("I", (2, 2), 7)) == 128).all()  # one shade already


def test_floats_from_0_to_1() -> None:
    image = Image.fromarray(np.array([[0, 0.25, 0.5, 1]], np.float32))
    assert rgb(image)[0, :, 0].tolist() == [0, 64, 128, 255]
    assert (rgb(Image.new("F", (2, 2), 0.5)) == 128).all()


def test_other_floats_by_the_minimum_and_maximum_of_the_image() -> None:
    assert rgb(Image.fromarray(np.array([[-1, 0, 3]], np.float32)))[0, :, 0].tolist() == [0, 64, 255]
    assert rgb(Image.fromarray(np.array([[0.5, 1.5, 2.5]], np.float32)))[0, :, 0].tolist() == [0, 128, 255]
    assert rgb(Image.fromarray(np.array([[-3e38, 0, 3e38]], np.float32)))[0, :, 0].tolist() == [0, 128, 255]
    assert (rgb(Image.new("F", (2, 2), 7.0)) == 0).all()


@given(arrays(np.float32, (2, 6), elements=st.floats(width=32, allow_nan=False, allow_infinity=False)))
def test_floats_keep_their_order(values: NDArray[np.float32]) -> None:
    shades = rgb(Image.fromarray(values))[:, :, 0].reshape(-1)
    assert (np.diff(shades[np.argsort(values.reshape(-1), kind="stable")]) >= 0).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_floats_that_are_no_numbers_are_an_error(value: float) -> None:
    with pytest.raises(ImageError, match="NaN or infinite"):
        decode_image(Image.fromarray(np.array([[0.5, value]], np.float32)))
