"""JPEGs that are not whole: what is read and told, and what is refused."""

import random
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convsight.images import ImageError, InputSize, decode_image, load_image

Encode = Callable[..., bytes]
KINDS = pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}])
WHOLE = InputSize(427, 640)


def remark(content: bytes) -> str:
    """What is told of a JPEG that is read."""
    return load_image(content, WHOLE).remark


@KINDS
def test_a_missing_end_marker_is_told_and_costs_no_pixel(
    photo: Image.Image, encode: Encode, options: dict[str, object]
) -> None:
    content = encode(photo, "JPEG", **options)
    for cut in (content[:-2], content[:-1]):
        assert np.array_equal(np.asarray(decode_image(cut)), np.asarray(decode_image(content)))
        assert remark(cut) == "its end marker is missing; all of its pixels are there"
    assert remark(content) == ""


def test_a_missing_end_marker_at_reduced_scale(photo: Image.Image, encode: Encode) -> None:
    content = encode(photo, "JPEG")
    small = InputSize(60, 80)
    assert np.array_equal(load_image(content[:-2], small).pixels, load_image(content, small).pixels)


@KINDS
@pytest.mark.parametrize("lost", [3, 5, 100])
def test_one_that_lacks_pixels_too_is_refused(
    photo: Image.Image, encode: Encode, options: dict[str, object], lost: int
) -> None:
    with pytest.raises(ImageError, match="truncated"):
        decode_image(encode(photo, "JPEG", **options)[:-lost])


def test_a_progressive_one_without_its_last_scan_is_refused(photo: Image.Image, encode: Encode) -> None:
    content = encode(photo, "JPEG", progressive=True)
    with pytest.raises(ImageError, match="truncated"):
        decode_image(content[: content.rindex(b"\xff\xda")])


def damaged(content: bytes, count: int, seed: int) -> bytes:
    """`content` with `count` zeros in its middle."""
    at = random.Random(seed).randrange(len(content) // 3, len(content) // 2)
    return content[:at] + bytes(count) + content[at + count :]


def test_a_damaged_middle_is_told(photo: Image.Image, encode: Encode) -> None:
    content = encode(photo, "JPEG", quality=90)
    assert "damaged" in remark(damaged(content, 8000, seed=0))


def test_no_whole_image_is_told_to_be_damaged(photo: Image.Image, encode: Encode) -> None:
    sizes = [(640, 427), (7, 5), (16, 16), (100, 100), (33, 9)]
    for size in sizes:
        for options in ({}, {"quality": 20}, {"subsampling": 0}, {"progressive": True}, {"restart_marker_rows": 1}):
            image = photo.resize(size)
            for each in (image, image.convert("L"), Image.new("RGB", size), Image.new("L", size, 255)):
                for end in (b"", b"\0" * 30):
                    content = encode(each, "JPEG", **options) + end
                    assert load_image(content, InputSize(size[1], size[0])).remark == ""
                    assert np.array_equal(np.asarray(decode_image(content)), opened(content))


def opened(content: bytes) -> np.ndarray:
    """The pixels as Pillow alone gives them."""
    with Image.open(BytesIO(content)) as image:
        return np.asarray(image.convert("RGB"))


def test_no_photo_is_told_to_be_damaged() -> None:
    files = sorted(Path("../shared/data/coco_permissive").rglob("*.jpg"))[:8]
    if not files:
        pytest.skip("../shared/data/coco_permissive is not here")
    for file in files:
        assert load_image(file, InputSize(64, 64)).remark == ""
