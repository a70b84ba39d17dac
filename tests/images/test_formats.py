"""Every format is read, by its content; of several frames the first."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convsight.images import IMAGE_SUFFIXES, decode_image, is_image_file

Encode = Callable[..., bytes]

LOSSLESS = [
    ("PNG", {}),
    ("PNG", {"optimize": True}),
    ("WEBP", {"lossless": True}),
    ("BMP", {}),
    ("TIFF", {}),
    ("TIFF", {"big_endian": True}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("TIFF", {"compression": "tiff_adobe_deflate"}),
    ("TIFF", {"compression": "packbits"}),
]
LOSSY = [("JPEG", {}), ("JPEG", {"progressive": True}), ("WEBP", {"quality": 80}), ("TIFF", {"compression": "jpeg"})]


@pytest.mark.parametrize(("format_name", "options"), LOSSLESS)
def test_lossless_formats_give_the_pixels_back(
    photo: Image.Image, encode: Encode, format_name: str, options: dict[str, object]
) -> None:
    read = decode_image(encode(photo, format_name, **options))
    assert read.mode == "RGB"
    assert np.array_equal(np.asarray(read), np.asarray(photo))


@pytest.mark.parametrize(("format_name", "options"), LOSSY)
def test_lossy_formats_give_what_pillow_gives(
    photo: Image.Image, encode: Encode, format_name: str, options: dict[str, object]
) -> None:
    content = encode(photo, format_name, **options)
    with Image.open(BytesIO(content)) as reference:
        expected = np.asarray(reference.convert("RGB"))
    assert np.array_equal(np.asarray(decode_image(content)), expected)
    assert np.abs(expected.astype(int) - np.asarray(photo)).mean() < 10


def test_gif_gives_its_palette_colours(encode: Encode) -> None:
    colours = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [12, 34, 56]]], np.uint8)
    content = encode(Image.fromarray(colours).quantize(4), "GIF")
    assert np.array_equal(np.asarray(decode_image(content)), colours)


@pytest.mark.parametrize(
    ("format_name", "options"),
    [("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {}), ("TIFF", {})],
)
def test_the_first_frame_is_taken(encode: Encode, format_name: str, options: dict[str, object]) -> None:
    frames = [Image.new("RGB", (16, 8), colour) for colour in ("red", "blue", "green")]
    content = encode(frames[0], format_name, save_all=True, append_images=frames[1:], **options)
    red = np.asarray(decode_image(content)).astype(int)
    assert red.shape == (8, 16, 3)
    assert np.abs(red - [255, 0, 0]).max() <= 2


def test_a_preview_behind_a_jpeg_is_passed_over(photo: Image.Image, encode: Encode) -> None:
    content = encode(photo, "JPEG")
    read = decode_image(content + encode(photo.resize((64, 48)), "JPEG"))
    assert np.array_equal(np.asarray(read), np.asarray(decode_image(content)))


@pytest.mark.parametrize("suffix", sorted(IMAGE_SUFFIXES))
def test_content_decides_not_the_name(photo: Image.Image, encode: Encode, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"photo{suffix}"
    path.write_bytes(encode(photo, "PNG"))
    assert is_image_file(path)
    assert np.array_equal(np.asarray(decode_image(path)), np.asarray(photo))


@pytest.mark.parametrize("name", ["notes.txt", "cat", "cat.jpg.part", "._cat.jpg", ".DS_Store", "labels.csv"])
def test_other_names_are_no_images(name: str) -> None:
    assert not is_image_file(Path("photos") / name)


def test_suffixes_in_capitals_are_known() -> None:
    assert all(is_image_file(Path(f"IMG_0001{suffix.upper()}")) for suffix in IMAGE_SUFFIXES)
