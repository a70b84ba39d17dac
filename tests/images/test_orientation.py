"""Photos are turned upright by their EXIF, whatever way the camera was held."""

from collections.abc import Callable
from io import BytesIO
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngImageFile

from convsight.images import InputSize, ResizeMode, decode_image, load_image, resize_image
from convsight.images.orientation import lies_in_header, turn_box, turn_upright

Encode = Callable[..., bytes]
Pixels = NDArray[np.uint8]

ORIENTATION = 0x0112
ALL = range(1, 9)

# How an upright scene lies in the file, by the standard's words on where its 0th row and column are.
LYING: dict[int, Callable[[Pixels], Pixels]] = {
    1: lambda scene: scene,  # top, left
    2: lambda scene: scene[:, ::-1],  # top, right
    3: lambda scene: scene[::-1, ::-1],  # bottom, right
    4: lambda scene: scene[::-1],  # bottom, left
    5: lambda scene: scene.swapaxes(0, 1),  # left, top
    6: lambda scene: scene[:, ::-1].swapaxes(0, 1),  # right, top
    7: lambda scene: scene[::-1, ::-1].swapaxes(0, 1),  # right, bottom
    8: lambda scene: scene[::-1].swapaxes(0, 1),  # left, bottom
}


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[ORIENTATION] = orientation
    return tags


def as_stored(scene: Pixels, orientation: int) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(LYING[orientation](scene)))


@pytest.mark.parametrize(("format_name", "options"), [("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {})])
@pytest.mark.parametrize("orientation", ALL)
def test_lossless_files_equal_the_upright_scene(
    photo: Image.Image, encode: Encode, orientation: int, format_name: str, options: dict[str, bool]
) -> None:
    scene = np.asarray(photo.resize((32, 20)))
    content = encode(as_stored(scene, orientation), format_name, exif=exif(orientation), **options)
    assert np.array_equal(np.asarray(decode_image(content)), scene)


@pytest.mark.parametrize("orientation", ALL)
def test_jpeg_files(photo: Image.Image, encode: Encode, orientation: int) -> None:
    content = encode(as_stored(np.asarray(photo), orientation), "JPEG", quality=95, exif=exif(orientation))
    read = np.asarray(decode_image(content))
    with Image.open(BytesIO(content)) as opened:
        assert np.array_equal(read, np.asarray(ImageOps.exif_transpose(opened)))
    assert np.abs(read.astype(int) - np.asarray(photo)).mean() < 6


@pytest.mark.parametrize("orientation", ALL)
def test_reduced_jpeg_files_keep_their_place(photo: Image.Image, encode: Encode, orientation: int) -> None:
    """640 x 427 is halved to 320 x 213.5: the half pixel must not shift the scene, whichever side it is on."""
    content = encode(as_stored(np.asarray(photo), orientation), "JPEG", quality=95, exif=exif(orientation))
    assert decode_image(content, min_size=(160, 100)).size == (320, 214)
    for fit in get_args(ResizeMode):
        target = InputSize(100, 160, fit)
        reduced = load_image(content, target).pixels.astype(int)
        assert np.abs(reduced - resize_image(decode_image(content), target)).mean() < 1


@pytest.mark.parametrize("orientation", ALL)
def test_pillow_images_are_turned_and_left_as_they_were(orientation: int, encode: Encode) -> None:
    scene = np.arange(24, dtype=np.uint8).reshape(4, 6)
    content = encode(as_stored(scene, orientation), "PNG", exif=exif(orientation))
    with Image.open(BytesIO(content)) as opened:
        once = decode_image(opened)
        assert opened.getexif()[ORIENTATION] == orientation
        assert np.array_equal(np.asarray(opened), LYING[orientation](scene))
    assert np.array_equal(np.asarray(once)[:, :, 0], scene)
    assert np.array_equal(np.asarray(decode_image(once)), np.asarray(once)), "turned twice"


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_orientations_that_do_not_exist_change_nothing(encode: Encode, value: int) -> None:
    image = Image.frombytes("L", (3, 2), bytes(range(6)))
    read = decode_image(encode(image, "PNG", exif=exif(value)))
    assert np.asarray(read)[:, :, 0].tolist() == [[0, 1, 2], [3, 4, 5]]


def test_what_lies_on_its_side_is_seen_without_decoding(encode: Encode) -> None:
    image = Image.new("L", (6, 4))
    for content in (encode(image, "PNG"), encode(image, "PNG", exif=exif(6))):
        opened = PngImageFile(BytesIO(content))
        assert lies_in_header(opened) == (b"eXIf" in content)
        assert opened.tile, "the pixels were decoded"


@settings(max_examples=200)
@given(st.data())
def test_damaged_exif_never_makes_a_photo_unreadable(encode: Encode, data: st.DataObject) -> None:
    image = Image.linear_gradient("L").resize((24, 16))
    tags = exif(6)
    tags[0x010F] = "a maker with a long name"
    tags[0x011A] = 72.0
    block = bytearray(tags.tobytes())
    start = len(b"Exif\0\0")
    for _ in range(data.draw(st.integers(0, 8))):
        block[data.draw(st.integers(start, len(block) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(start, len(block)))
    # A JPEG without a resolution of its own is asked for the one in its EXIF, and that already when it is opened.
    format_name, options = data.draw(st.sampled_from([("JPEG", {}), ("JPEG", {"dpi": (72, 72)}), ("WEBP", {})]))
    whole = encode(image, format_name, exif=bytes(block[:cut]), **options)
    read, expected = np.asarray(decode_image(whole)), np.asarray(decode_image(encode(image, format_name)))
    assert any(np.array_equal(LYING[orientation](read), expected) for orientation in ALL)


@pytest.mark.parametrize("orientation", ALL)
def test_a_box_turns_with_its_image(orientation: int) -> None:
    pixels = np.zeros((7, 11), np.uint8)
    pixels[2:5, 1:9] = 255
    turned = turn_upright(Image.fromarray(pixels), orientation)
    assert turn_box((1, 2, 9, 5), (11, 7), orientation) == turned.getbbox()
