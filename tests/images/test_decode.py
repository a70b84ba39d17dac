"""Sources, the size limit, and the rule by which large JPEGs are decoded at reduced scale."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from convsight.images import ImageError, InputSize, decode_image, image_size, load_image, resize_image

Encode = Callable[..., bytes]


def square(side: int) -> InputSize:
    return InputSize(side, side)


def test_all_sources_give_the_same(photo: Image.Image, encode: Encode, tmp_path: Path) -> None:
    content = encode(photo, "PNG")
    path = tmp_path / "photo.png"
    path.write_bytes(content)
    for source in (path, content, np.asarray(photo), photo):
        read = decode_image(source)
        assert read.mode == "RGB"
        assert np.array_equal(np.asarray(read), np.asarray(photo))


def test_grey_and_strided_arrays() -> None:
    grey = np.arange(48, dtype=np.uint8).reshape(6, 8)[::2, ::-2]
    for same in (grey, grey[:, :, None]):
        assert np.array_equal(np.asarray(decode_image(same)), grey[:, :, None].repeat(3, 2))


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((4, 4), np.float32), r"float32 and shape \(4, 4\)"),
        (np.zeros((4, 4), np.uint16), r"uint16 and shape \(4, 4\)"),
        (np.zeros((4, 4), bool), r"bool and shape \(4, 4\)"),
        (np.zeros((4, 4, 4), np.uint8), r"uint8 and shape \(4, 4, 4\)"),
        (np.zeros((4, 4, 2), np.uint8), r"uint8 and shape \(4, 4, 2\)"),
        (np.zeros(4, np.uint8), r"uint8 and shape \(4,\)"),
        (np.zeros((2, 4, 4, 3), np.uint8), r"uint8 and shape \(2, 4, 4, 3\)"),
        (np.zeros((0, 4), np.uint8), r"shape \(0, 4\)"),
    ],
)
def test_other_arrays_are_an_error_that_names_them(array: NDArray[Any], said: str) -> None:
    with pytest.raises(ImageError, match=said):
        decode_image(array)


@pytest.mark.parametrize("size", [(0, 4), (4, 0)])
def test_images_without_pixels_are_an_error(size: tuple[int, int]) -> None:
    with pytest.raises(ImageError, match=f"no pixels .{size[0]} x {size[1]}"):
        decode_image(Image.new("RGB", size))


# Reduced decoding.


@given(
    width=st.integers(1, 300),
    height=st.integers(1, 300),
    min_size=st.tuples(st.integers(1, 80), st.integers(1, 80)),
)
def test_the_largest_reduction_that_keeps_twice_the_min_size(
    encode: Encode, width: int, height: int, min_size: tuple[int, int]
) -> None:
    content = encode(Image.new("L", (width, height), 100), "JPEG")
    scale = next((s for s in (8, 4, 2) if width >= 2 * s * min_size[0] and height >= 2 * s * min_size[1]), 1)
    assert decode_image(content, min_size=min_size).size == (-(-width // scale), -(-height // scale))


def test_other_formats_and_pillow_images_are_not_reduced(photo: Image.Image, encode: Encode, tmp_path: Path) -> None:
    assert decode_image(encode(photo, "PNG"), min_size=(8, 8)).size == photo.size
    path = tmp_path / "photo.jpg"
    photo.save(path)
    with Image.open(path) as opened:
        assert decode_image(opened, min_size=(8, 8)).size == photo.size
        assert opened.size == photo.size


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_reduced_and_full_decoding_hardly_differ(
    photo: Image.Image, encode: Encode, mode: str, progressive: bool
) -> None:
    """Less than one shade on average (3 if the box were ignored), at each of the scales 1/2, 1/4 and 1/8."""
    content = encode(photo.convert(mode), "JPEG", quality=90, progressive=progressive)
    for side, scale in ((106, 2), (53, 4), (26, 8)):
        assert decode_image(content, min_size=(side, side)).width == 640 // scale
        reduced = load_image(content, square(side)).pixels.astype(int)
        assert np.abs(reduced - resize_image(decode_image(content), square(side))).mean() < 1


def test_reduced_and_full_decoding_of_photos(shared_data: Callable[[str], Path]) -> None:
    """33 photos at 64 x 64: mean difference 0.4 of 255, the worst one (a fine pattern) 1.7."""
    files = sorted(shared_data("coco_permissive").rglob("*.jpg"))
    differences = [
        np.abs(load_image(file, square(64)).pixels.astype(int) - resize_image(decode_image(file), square(64))).mean()
        for file in files
    ]
    assert len(differences) == 33
    assert np.mean(differences) < 0.45
    assert max(differences) < 1.8


# Size limit.


def test_limit_is_checked_for_every_source(photo: Image.Image, encode: Encode) -> None:
    for source in (encode(photo, "PNG"), encode(photo, "JPEG"), np.asarray(photo), photo):
        with pytest.raises(ImageError, match=r"640 x 427 pixels = 0.27328 megapixels, over the limit of 0.27;.*--max"):
            decode_image(source, max_megapixels=0.27)
        assert decode_image(source, max_megapixels=0.28).size == photo.size


# Threads.


def test_threads_get_what_one_thread_gets(photo: Image.Image, encode: Encode) -> None:
    kinds = [("JPEG", {}), ("PNG", {}), ("WEBP", {}), ("GIF", {}), ("BMP", {}), ("TIFF", {"compression": "tiff_lzw"})]
    contents = [encode(photo.rotate(angle), kind, **options) for kind, options in kinds for angle in (0, 5)] * 4
    alone = [load_image(content, square(64)).pixels for content in contents]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda content: load_image(content, square(64)).pixels, contents))
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))


# Size by the header.


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"])
@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_size_by_the_header_is_that_of_the_image(
    photo: Image.Image, encode: Encode, tmp_path: Path, format_name: str, orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "photo"
    path.write_bytes(encode(photo, format_name, **({} if format_name in {"BMP", "GIF"} else {"exif": exif})))
    assert image_size(path) == decode_image(path).size


def test_size_by_the_header_needs_no_pixels(photo: Image.Image, encode: Encode, tmp_path: Path) -> None:
    for format_name in ("JPEG", "PNG"):
        path = tmp_path / "photo"
        path.write_bytes(encode(photo, format_name)[:5000])
        assert image_size(path) == photo.size
        with pytest.raises(ImageError):
            decode_image(path)


def test_files_without_a_header_have_no_size(tmp_path: Path) -> None:
    path = tmp_path / "cat.jpg"
    assert image_size(path) is None
    for content in (b"", b"text", b"\xff\xd8\xff\xe0"):
        path.write_bytes(content)
        assert image_size(path) is None


def test_size_before_the_fit(photo: Image.Image, encode: Encode) -> None:
    for source in (encode(photo, "JPEG"), encode(photo, "PNG"), photo, np.asarray(photo)):
        assert load_image(source, square(32)).size == photo.size
    assert load_image(np.zeros((32, 32), np.uint8), square(32)).size == (32, 32)
    exif = Image.Exif()
    exif[0x0112] = 6
    assert load_image(encode(photo, "JPEG", exif=exif), square(32)).size == photo.size[::-1]
