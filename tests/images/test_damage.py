"""Bad input of every kind gives a `ImageError` that names the file, the reason and the fix; never anything else."""

import re
import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from convsight.errors import UserError
from convsight.images import ImageError, decode_image
from convsight.images.decode import explanation

Encode = Callable[..., bytes]


def said(path: Path, max_megapixels: float = 100.0) -> str:
    """The message of the error that reading `path` raises."""
    with pytest.raises(ImageError) as caught:
        decode_image(path, max_megapixels=max_megapixels)
    assert isinstance(caught.value, UserError)
    message = str(caught.value)
    assert str(path) in message
    return message


@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP", "TIFF", "WEBP", "JPEG", "PPM"])
def test_the_first_bytes_alone_are_told_in_words_of_files(kind: str) -> None:
    whole = BytesIO()
    Image.new("RGB", (9, 9)).save(whole, kind)
    for length in range(3, 60):
        words = ""
        try:
            decode_image(whole.getvalue()[:length])
        except ImageError as error:
            words = str(error)
        assert not re.search(r"unpack|buffer|index out of range|NoneType", words), (length, words)
    with pytest.raises(ImageError, match=r"not an image|cannot be decoded"):
        decode_image(whole.getvalue()[:10])


def test_missing_file(tmp_path: Path) -> None:
    assert "No such file" in said(tmp_path / "cat.jpg")


def test_folder(tmp_path: Path) -> None:
    folder = tmp_path / "cat.jpg"
    folder.mkdir()
    assert "Is a directory" in said(folder)


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "cat.jpg"
    path.touch()
    assert "is empty (0 bytes)" in said(path)


@pytest.mark.parametrize("content", [b"hello, I am no cat", b"\0", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"RIFF1234WAVEfmt "])
def test_no_image(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "cat.jpg"
    path.write_bytes(content)
    message = said(path)
    assert "is not an image" in message
    assert "JPEG, PNG, WebP, BMP, GIF, TIFF, PPM, PGM, PBM or PAM" in message
    assert not re.search(r"b['\"]|\\x", message)  # bytes as Python writes them say nothing to people


def test_bytes_that_pillow_quotes_are_shown_as_people_read_them() -> None:
    said = explanation("cat.png", SyntaxError(f"broken PNG file (chunk {bytes([1, 2, 39, 34])!r}, not {b'IDAT'!r})"))
    assert '(broken PNG file (chunk 01 02 27 22, not "IDAT"))' in said


def test_truncated_jpeg_is_no_half_grey_image(photo: Image.Image, encode: Encode, tmp_path: Path) -> None:
    path = tmp_path / "cat.jpg"
    content = encode(photo, "JPEG")
    path.write_bytes(content[: len(content) // 2])
    message = said(path)
    assert "truncated" in message
    assert "save it again or leave it out" in message


# Cut and damaged files of every format.

SMALL = Image.merge("RGB", [Image.linear_gradient("L").rotate(angle).resize((31, 23)) for angle in (0, 90, 45)])
KINDS: dict[str, tuple[str, dict[str, object]]] = {
    "jpeg": ("JPEG", {}),
    "progressive jpeg": ("JPEG", {"progressive": True}),
    "png": ("PNG", {}),
    "webp": ("WEBP", {}),
    "lossless webp": ("WEBP", {"lossless": True}),
    "bmp": ("BMP", {}),
    "gif": ("GIF", {}),
    "tiff": ("TIFF", {}),
    "lzw tiff": ("TIFF", {"compression": "tiff_lzw"}),
    "ppm": ("PPM", {}),
}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60)
@given(data=st.data())
def test_cut_files(encode: Encode, kind: str, data: st.DataObject) -> None:
    """Either an error or, where only bytes behind the pixels are gone, the whole image."""
    format_name, options = KINDS[kind]
    content = encode(SMALL, format_name, **options)
    cut = content[: data.draw(st.integers(0, len(content) - 1))]
    try:
        read = decode_image(cut)
    except ImageError:
        return
    assert np.array_equal(np.asarray(read), np.asarray(decode_image(content)))


@pytest.mark.parametrize("kind", ["jpeg", "progressive jpeg", "png"])
def test_every_cut_within_the_pixels_is_an_error(encode: Encode, kind: str) -> None:
    format_name, options = KINDS[kind]
    content = encode(SMALL, format_name, **options)
    behind = 24 if format_name == "PNG" else 2  # checksums and end marks hold no pixels
    for cut in range(len(content) - behind):
        with pytest.raises(ImageError):
            decode_image(content[:cut])


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60)
@given(data=st.data())
def test_damaged_files_never_raise_anything_else(encode: Encode, kind: str, data: st.DataObject) -> None:
    format_name, options = KINDS[kind]
    content = bytearray(encode(SMALL, format_name, **options))
    for _ in range(data.draw(st.integers(1, 6))):
        reach = data.draw(st.sampled_from([32, len(content)]))  # headers are where most parsers are
        content[data.draw(st.integers(0, reach - 1))] = data.draw(st.integers(0, 255))
    try:
        assert decode_image(bytes(content), max_megapixels=1).mode == "RGB"
    except ImageError:
        return


@given(
    head=st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM", b"GIF89a", b"II*\0", b"MM\0*"]),
    rest=st.binary(),
)
def test_noise_behind_the_first_bytes(head: bytes, rest: bytes) -> None:
    try:
        decode_image(head + rest, max_megapixels=1)
    except ImageError:
        return


# Large images.


def black_png(width: int, height: int) -> bytes:
    """A PNG of one bit a pixel: huge, yet a few kilobytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    packer, row = zlib.compressobj(1), bytes(1 + -(-width // 8))
    pixels = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def test_huge_image_is_refused_by_its_header(tmp_path: Path) -> None:
    path = tmp_path / "wall.png"
    path.write_bytes(black_png(20_000, 20_000))
    message = said(path)
    assert message == (
        f"{path} is 20000 x 20000 pixels = 400 megapixels, over the limit of 100; raise it with --max-megapixels"
    )


def test_raised_limit_lets_large_images_pass_in_silence() -> None:
    content = black_png(10_100, 10_000)
    with pytest.raises(ImageError, match=r"101 megapixels, over the limit of 100"):
        decode_image(content)
    with pytest.warns(Image.DecompressionBombWarning):
        Image.open(BytesIO(content))
    assert decode_image(content, max_megapixels=102).size == (10_100, 10_000)
