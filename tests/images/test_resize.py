"""The fit is Pillow's antialiased bilinear resize, of the part of the image that `fit` asks for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms.functional import center_crop, resize

from convsight.images import InputSize, ResizeFilter, ResizeMode, fit_planes, load_image, resize_image

BILINEAR = Image.Resampling.BILINEAR
FITS: tuple[ResizeMode, ...] = ("crop", "squash", "pad")
sides = st.integers(1, 60)


def target(width: int, height: int, fit: ResizeMode) -> InputSize:
    return InputSize(height, width, fit)


# The photo is 640 x 427.


@pytest.mark.parametrize("size", [(224, 224), (64, 64), (100, 30), (30, 100), (640, 640), (700, 500), (1, 1)])
def test_squash_is_pillow_resize(photo: Image.Image, size: tuple[int, int]) -> None:
    fitted = resize_image(photo, target(*size, "squash"))
    assert np.array_equal(fitted, np.asarray(photo.resize(size, BILINEAR)))


@pytest.mark.parametrize(
    ("size", "box"),
    [
        ((224, 224), (106.5, 0, 533.5, 427)),
        ((64, 64), (106.5, 0, 533.5, 427)),
        ((500, 500), (106.5, 0, 533.5, 427)),
        ((320, 160), (0, 53.5, 640, 373.5)),
        ((61, 122), (213.25, 0, 426.75, 427)),
        ((1280, 854), (0, 0, 640, 427)),
    ],
)
def test_crop_is_pillow_resize_of_the_middle(
    photo: Image.Image, size: tuple[int, int], box: tuple[float, float, float, float]
) -> None:
    fitted = resize_image(photo, target(*size, "crop"))
    assert np.array_equal(fitted, np.asarray(photo.resize(size, BILINEAR, box)))


@pytest.mark.parametrize(
    ("size", "inner", "corner"),
    [
        ((224, 224), (224, 149), (0, 37)),
        ((200, 100), (150, 100), (25, 0)),
        ((640, 640), (640, 427), (0, 106)),
        ((50, 500), (50, 33), (0, 233)),
    ],
)
def test_pad_is_pillow_resize_on_black(
    photo: Image.Image, size: tuple[int, int], inner: tuple[int, int], corner: tuple[int, int]
) -> None:
    expected = Image.new("RGB", size, "black")
    expected.paste(photo.resize(inner, BILINEAR), corner)
    assert np.array_equal(resize_image(photo, target(*size, "pad")), np.asarray(expected))


@pytest.mark.parametrize("fit", FITS)
def test_an_image_of_the_right_size_is_not_touched(photo: Image.Image, fit: ResizeMode) -> None:
    assert np.array_equal(resize_image(photo, target(640, 427, fit)), np.asarray(photo))


def test_a_box_counts_as_the_whole_image(photo: Image.Image) -> None:
    box = (100, 50, 420, 350)
    squashed = resize_image(photo, target(64, 32, "squash"), box)
    assert np.array_equal(squashed, np.asarray(photo.resize((64, 32), BILINEAR, box)))
    cropped = resize_image(photo, target(64, 64, "crop"), box)
    assert np.array_equal(cropped, np.asarray(photo.resize((64, 64), BILINEAR, (110, 50, 410, 350))))
    padded = resize_image(photo, target(64, 64, "pad"), box)
    assert np.array_equal(padded[2:62], np.asarray(photo.resize((64, 60), BILINEAR, box)))
    assert not padded[:2].any()
    assert not padded[62:].any()


def test_a_box_of_the_right_size_at_the_corner(photo: Image.Image) -> None:
    fitted = resize_image(photo, target(32, 24, "squash"), (0, 0, 32, 24))
    assert np.array_equal(fitted, np.asarray(photo)[:24, :32])


@given(fit=st.sampled_from(FITS), image=st.tuples(sides, sides), width=sides, height=sides)
def test_any_size_to_any_size(fit: ResizeMode, image: tuple[int, int], width: int, height: int) -> None:
    fitted = resize_image(Image.new("RGB", image, (10, 20, 30)), target(width, height, fit))
    assert fitted.shape == (height, width, 3)
    assert fitted.dtype == np.uint8
    assert fitted.flags.c_contiguous
    assert fitted.flags.writeable
    coloured = (fitted == (10, 20, 30)).all(-1)
    if fit == "pad":
        assert ((fitted == 0).all(-1) | coloured).all()
        assert coloured[(height - 1) // 2, (width - 1) // 2]
        rows, columns = coloured.any(1).sum(), coloured.any(0).sum()
        assert coloured.sum() == rows * columns, "the image stays a rectangle"
        assert columns == width or rows == height
    else:
        assert coloured.all()


@given(st.integers(1, 5000), sides, sides)
def test_extreme_proportions(length: int, width: int, height: int) -> None:
    for size in ((length, 1), (1, length)):
        for fit in FITS:
            assert resize_image(Image.new("RGB", size), target(width, height, fit)).shape == (height, width, 3)


@given(shift=st.integers(0, 20))
def test_crop_keeps_the_middle(shift: int) -> None:
    reach = 2  # pixels beyond the border that an antialiased halving still sees
    pixels = np.zeros((40, 40 + 2 * (shift + reach), 3), np.uint8)
    pixels[:, shift : shift + 40 + 2 * reach] = 200
    assert (resize_image(Image.fromarray(pixels), target(20, 20, "crop")) == 200).all()


def cut(side: int, shorter: int, how: ResizeFilter = "bilinear") -> InputSize:
    return InputSize(side, side, "crop", shorter, how)


@pytest.mark.parametrize("how", ["bilinear", "bicubic"])
@pytest.mark.parametrize(("side", "shorter"), [(227, 256), (224, 256), (224, 232), (299, 342), (64, 64)])
@pytest.mark.parametrize("turned", [False, True])
def test_a_shorter_side_is_torchvisions_resize_and_centre_crop(
    photo: Image.Image, how: ResizeFilter, side: int, shorter: int, turned: bool
) -> None:
    image = photo.transpose(Image.Transpose.ROTATE_90) if turned else photo
    resized = resize(image, shorter, InterpolationMode(how))
    expected = np.asarray(center_crop(resized, [side, side]))
    assert np.array_equal(resize_image(image, cut(side, shorter, how)), expected)
    assert np.array_equal(fit_planes(np.asarray(image), cut(side, shorter, how)), expected)
    assert np.array_equal(load_image(np.asarray(image), cut(side, shorter, how)).pixels, expected)


def test_an_image_of_the_inputs_size_is_resized_and_cut_too(photo: Image.Image) -> None:
    small = photo.resize((64, 64))
    expected = np.asarray(center_crop(resize(small, 80), [64, 64]))
    for found in (load_image(np.asarray(small), cut(64, 80)).pixels, fit_planes(np.asarray(small), cut(64, 80))):
        assert np.array_equal(found, expected)


def test_of_a_very_long_image_only_what_is_kept_is_made() -> None:
    long = Image.fromarray(np.arange(9000, dtype=np.uint16).astype(np.uint8)[None].repeat(2, 0)).convert("RGB")
    found = load_image(long, cut(30, 40)).pixels  # made whole it would be 180,000 px long
    assert found.shape == (30, 30, 3)
    middle = int(np.asarray(long)[0, 4500, 0])
    assert abs(int(found[15, 15, 0]) - middle) <= 1


@pytest.mark.parametrize("fit", FITS)
def test_bicubic_is_pillows(photo: Image.Image, fit: ResizeMode) -> None:
    square = photo.crop((0, 0, 427, 427))
    expected = np.asarray(square.resize((100, 100), Image.Resampling.BICUBIC))
    assert np.array_equal(resize_image(square, InputSize(100, 100, fit, None, "bicubic")), expected)
