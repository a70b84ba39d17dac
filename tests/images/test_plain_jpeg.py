"""Small plain JPEGs by the short way: the very pixels of the long one, which takes whatever is not plain."""

import os
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convsight.images import InputSize, decoding, load_image, resize_image
from convsight.images.decode import REDUCED_FROM
from convsight.images.plain_jpeg import content_of_small, plain_jpeg

Encode = Callable[..., bytes]
NEVER_REDUCED = (2**16, 2**16)


def plain(content: bytes, reduced_from: tuple[int, int] = NEVER_REDUCED) -> Image.Image | None:
    return plain_jpeg(content, reduced_from, 100.0)


def the_long_way(content: bytes, size: InputSize) -> tuple[np.ndarray, tuple[int, int], str] | str:
    """What `load_image` says of any image that is not plain: pixels, size and remark, or the error."""
    try:
        with decoding(content, (size.width, size.height), 100.0) as decoded:
            return resize_image(decoded.image, size, decoded.box), decoded.size, decoded.remark
    except Exception as error:
        return str(error)


def the_short_way(content: bytes, size: InputSize) -> tuple[np.ndarray, tuple[int, int], str] | str:
    try:
        pixels, whole, remark = load_image(content, size)
        return pixels, whole, remark
    except Exception as error:
        return str(error)


def same(one: object, other: object) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return np.array_equal(one[0], other[0]) and one[1:] == other[1:]  # type: ignore[index]


@pytest.mark.parametrize("options", [{}, {"quality": 20}, {"subsampling": 0}, {"restart_marker_rows": 1}])
def test_pixels_are_those_of_pillow(photo: Image.Image, encode: Encode, options: dict[str, object]) -> None:
    for side in (1, 7, 32, 99):
        for image in (photo.resize((side, 32)), photo.resize((32, side)).convert("L")):
            content = encode(image, "JPEG", comment=b"a word", **options)
            found = plain(content)
            assert found is not None
            assert found.mode == image.mode
            for target in (InputSize(32, 32), InputSize(20, 40, "pad"), InputSize(8, 8)):
                assert same(the_short_way(content, target), the_long_way(content, target))


def test_what_is_not_plain_goes_the_long_way(photo: Image.Image, encode: Encode) -> None:
    small = photo.resize((48, 32))
    exif = Image.Exif()
    exif[0x0112] = 6  # lying on its side
    whole = encode(small, "JPEG")
    others = [
        encode(small, "JPEG", exif=exif),
        encode(small, "JPEG", progressive=True),
        encode(small, "JPEG", icc_profile=b"colours"),
        encode(small.convert("CMYK"), "JPEG"),
        encode(small, "PNG"),
        whole[:-2],
        whole[:-40] + b"\xff\xd9",
        whole + b"more",
    ]
    for content in others:
        assert plain(content) is None
        assert same(the_short_way(content, InputSize(32, 32)), the_long_way(content, InputSize(32, 32)))


def test_what_would_be_reduced_or_refused_goes_the_long_way(photo: Image.Image, encode: Encode) -> None:
    content = encode(photo.resize((64, 48)), "JPEG")
    assert plain(content, (64, 48)) is None
    assert plain(content, (65, 48)) is not None
    assert plain_jpeg(content, NEVER_REDUCED, 64 * 48 / 1e6) is not None
    assert plain_jpeg(content, NEVER_REDUCED, (64 * 48 - 1) / 1e6) is None
    for side in range(10, 20):  # reduced or not, the numbers are those of the long way
        target = InputSize(side, side)
        assert same(the_short_way(content, target), the_long_way(content, target))
    assert REDUCED_FROM == 4


def test_damage_is_found_as_by_the_long_way(photo: Image.Image, encode: Encode) -> None:
    draw = random.Random(0)
    told = 0
    for number in range(400):
        content = bytearray(encode(photo.resize((40, 40)), "JPEG", quality=85))
        for _ in range(1 + number % 3):
            content[draw.randrange(2, len(content))] = draw.randrange(256)
        short, long = (way(bytes(content), InputSize(40, 40)) for way in (the_short_way, the_long_way))
        assert same(short, long), number
        told += isinstance(long, str) or bool(long[2])
    assert told > 50


def test_only_small_files_are_read_at_once(tmp_path: Path) -> None:
    small, large, pipe = tmp_path / "small", tmp_path / "large", tmp_path / "pipe"
    small.write_bytes(b"x" * 1000)
    large.write_bytes(b"x" * 2**16)
    os.mkfifo(pipe)
    assert content_of_small(small) == b"x" * 1000
    assert [content_of_small(path) for path in (large, pipe, tmp_path, tmp_path / "none")] == [None] * 4
