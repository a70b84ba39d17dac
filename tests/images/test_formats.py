"""Every format is read, by its content; of several frames the first."""

import os
import struct
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from convsight.images import IMAGE_SUFFIXES, ImageError, decode_image, image_size, is_image_file

Encode = Callable[..., bytes]

LOSSLESS = [
    ("PNG", {}),
    ("PNG", {"optimize": True}),
    ("WEBP", {"lossless": True}),
    ("BMP", {}),
    ("PPM", {}),
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


def plain(kind: str, most: int, values: list[int]) -> bytes:
    """A Netpbm image of one row whose values are written out."""
    width = len(values) // (3 if kind == "P3" else 1)
    return f"{kind}\n# made by hand\n{width} 1\n{most or ''}\n{' '.join(map(str, values))}\n".encode()


@pytest.mark.parametrize(
    ("content", "first_row"),
    [
        (plain("P1", 0, [0, 1, 1]), [[255] * 3, [0] * 3, [0] * 3]),
        (plain("P2", 255, [0, 7, 255]), [[0] * 3, [7] * 3, [255] * 3]),
        (plain("P3", 255, [1, 2, 3, 4, 5, 6]), [[1, 2, 3], [4, 5, 6]]),
        (b"P4 3 1\n\x60", [[255] * 3, [0] * 3, [0] * 3]),
        (b"P5 3 1 255\n\0\7\xff", [[0] * 3, [7] * 3, [255] * 3]),
        (b"P5\r\n3 1\r\n15\n\0\7\x0f", [[0] * 3, [119] * 3, [255] * 3]),
        (b"P6 2 1 255\n\1\2\3\4\5\6", [[1, 2, 3], [4, 5, 6]]),
        # Of 16 bits the upper 8 are kept; where the file says how far values go, it says the range.
        (b"P5 3 1 65535\n\0\0\x12\x34\xff\xff", [[0] * 3, [0x12] * 3, [255] * 3]),
        (b"P5 3 1 4095\n\0\0\x08\x00\x0f\xff", [[0] * 3, [128] * 3, [255] * 3]),
        (b"P6 1 1 65535\n\x12\x34\x56\x78\x9a\xff", [[0x12, 0x56, 0x9A]]),
    ],
)
def test_netpbm(content: bytes, first_row: list[list[int]]) -> None:
    assert np.asarray(decode_image(content))[0].tolist() == first_row


@pytest.mark.parametrize(
    "content", [b"P6 2 1 255\n\1\2\3\4\5", b"P2 2 1 255\n1", b"P5 2", b"P7\nWIDTH 2\n", b"P1.jpg\n"]
)
def test_netpbm_cut_short_and_what_only_looks_like_it(content: bytes) -> None:
    with pytest.raises(ImageError):
        decode_image(content)


def bmp_with_alpha(pixels: NDArray[np.uint8], alpha: int) -> bytes:
    """A BMP of four bytes a pixel with a mask for the fourth, its rows from the bottom up (BITMAPV4HEADER)."""
    height, width = pixels.shape[:2]
    rows = np.dstack([pixels[::-1, :, ::-1], np.full((height, width), alpha, np.uint8)]).tobytes()
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    head = struct.pack("<IiiHHIIiiII", 108, width, height, 1, 32, 3, len(rows), 0, 0, 0, 0) + masks + bytes(52)
    return b"BM" + struct.pack("<IHHI", 14 + len(head) + len(rows), 0, 0, 14 + len(head)) + head + rows


def test_a_bmp_without_any_opaque_pixel_is_opaque() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 4, 3)).astype(np.uint8)
    assert np.array_equal(np.asarray(decode_image(bmp_with_alpha(pixels, 0))), pixels)
    half = np.asarray(decode_image(bmp_with_alpha(pixels, 128))).astype(int)
    assert np.abs(half - (pixels.astype(int) + 255) / 2).max() <= 2  # laid on white


@pytest.mark.parametrize(
    ("name", "content", "command"),
    [
        ("my photos.zip", b"PK\x03\x04....", "python -m zipfile -e '{folder}/my photos.zip' '{folder}/my photos'"),
        ("photos.tar.gz", b"\x1f\x8b......", "python -m tarfile -e {folder}/photos.tar.gz {folder}/photos"),
    ],
)
def test_an_archive_is_told_how_to_unpack(tmp_path: Path, name: str, content: bytes, command: str) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(ImageError) as caught:
        decode_image(file)
    assert str(caught.value).endswith(f"it is an archive: unpack it with: {command.format(folder=tmp_path)}")


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "cat.jpg"
    os.mkfifo(pipe)
    with pytest.raises(ImageError, match="is a pipe, a device or a socket"):
        decode_image(pipe)
    assert image_size(pipe) is None
