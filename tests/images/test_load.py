"""The one path from any image to the network's pixels."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convsight.images import ImageError, InputSize, ResizeMode, decode_image, load_image, resize_image

Encode = Callable[..., bytes]
FITS: tuple[ResizeMode, ...] = ("crop", "squash", "pad")


def target(width: int, height: int, fit: ResizeMode = "crop") -> InputSize:
    return InputSize(height, width, fit)


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("size", [(224, 224), (100, 60), (640, 427)])
def test_reading_then_fitting(photo: Image.Image, encode: Encode, size: tuple[int, int], fit: ResizeMode) -> None:
    for source in (encode(photo, "PNG"), np.asarray(photo), photo):
        loaded = load_image(source, target(*size, fit)).pixels
        assert np.array_equal(loaded, resize_image(photo, target(*size, fit)))


@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 3)])
@pytest.mark.parametrize("fit", FITS)
def test_arrays_of_the_right_size_take_no_other_way(shape: tuple[int, ...], fit: ResizeMode) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    for array in (pixels, np.flip(pixels, 1), np.asfortranarray(pixels)):
        loaded = load_image(array, target(30, 20, fit)).pixels
        assert np.array_equal(loaded, resize_image(decode_image(array), target(30, 20, fit)))
        assert loaded.shape == (20, 30, 3)
        assert loaded.flags.c_contiguous
        assert loaded.flags.writeable
        assert not np.shares_memory(loaded, array)


def test_arrays_of_the_right_size_and_another_type_are_an_error() -> None:
    with pytest.raises(ImageError, match="float64"):
        load_image(np.zeros((20, 30)), target(30, 20))


def test_loaded_pixels_are_the_callers_own(photo: Image.Image) -> None:
    before = np.array(photo)
    load_image(photo, target(640, 427)).pixels[...] = 0
    assert np.array_equal(np.asarray(photo), before)


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("size", [(80, 50), (150, 40)])
def test_large_jpegs_are_reduced_first(
    photo: Image.Image, encode: Encode, tmp_path: Path, size: tuple[int, int], fit: ResizeMode
) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(encode(photo, "JPEG", quality=95))
    loaded = load_image(path, target(*size, fit)).pixels
    full = resize_image(decode_image(path), target(*size, fit))
    assert not np.array_equal(loaded, full), "decoded at full size"
    assert np.abs(loaded.astype(int) - full).mean() < 1


def test_size_limit_is_passed_on(photo: Image.Image, encode: Encode) -> None:
    with pytest.raises(ImageError, match=r"over the limit of 0\.1"):
        load_image(encode(photo, "PNG"), target(30, 20), max_megapixels=0.1)
