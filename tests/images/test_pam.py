"""PAM files, against the same pixels given otherwise."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from convsight.images import ImageError, decode_image
from convsight.images.deep import ValueRange
from convsight.images.formats import is_image_file

RANDOM = np.random.default_rng(0)


def pam(values: Any, largest: int, kind: str = "") -> bytes:
    """`values` (height, width, planes) as netpbm's pamtopam writes them."""
    height, width, planes = values.shape
    said = f"TUPLTYPE {kind}\n" if kind else ""
    header = f"P7\nWIDTH {width}\nHEIGHT {height}\n# a remark\nDEPTH {planes}\nMAXVAL {largest}\n{said}ENDHDR\n"
    pixels: bytes = values.astype(">u2" if largest > 255 else np.uint8).tobytes()
    return header.encode() + pixels


@pytest.mark.parametrize("planes", [1, 2, 3, 4])
def test_planes_of_8_bits(planes: int) -> None:
    values = RANDOM.integers(0, 256, (5, 7, planes))
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[planes]
    expected = Image.fromarray(values.astype(np.uint8).squeeze(), mode) if planes != 2 else _with_alpha(values)
    found = decode_image(pam(values, 255, {1: "GRAYSCALE"}.get(planes, "")))
    np.testing.assert_array_equal(np.asarray(found), np.asarray(decode_image(expected)))


def _with_alpha(values: Any) -> Image.Image:
    return Image.merge("LA", [Image.fromarray(values[..., plane].astype(np.uint8)) for plane in (0, 1)])


@pytest.mark.parametrize(("largest", "planes"), [(1, 1), (15, 3), (100, 4)])
def test_fewer_bits_are_spread_over_the_whole_range(largest: int, planes: int) -> None:
    values = RANDOM.integers(0, largest + 1, (5, 7, planes))
    expected = np.floor(values * 255 / largest + 0.5)
    whole = decode_image(pam(expected, 255))
    np.testing.assert_array_equal(np.asarray(decode_image(pam(values, largest))), np.asarray(whole))


@pytest.mark.parametrize("planes", [1, 3])
def test_16_bits_as_ppm_and_pgm_have_them(planes: int) -> None:
    values = RANDOM.integers(0, 65_536, (30, 40, planes))
    header = f"P{6 if planes == 3 else 5}\n40 30\n65535\n".encode()
    other = header + values.astype(">u2").tobytes()
    for shown in (None, ValueRange(1000, 30_000)):
        one, two = (np.asarray(decode_image(file, shown=shown)) for file in (pam(values, 65_535), other))
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("planes", [2, 4])
def test_16_bits_with_alpha_keep_the_upper_ones(planes: int) -> None:
    values = RANDOM.integers(0, 65_536, (30, 40, planes))
    one, two = (decode_image(file) for file in (pam(values, 65_535), pam(values >> 8, 255)))
    assert np.abs(np.asarray(one, np.int16) - np.asarray(two, np.int16)).max() <= 1


def test_it_is_an_image_by_its_name(tmp_path: Path) -> None:
    assert is_image_file(Path("a.pam"))
    file = tmp_path / "a.pam"
    file.write_bytes(pam(RANDOM.integers(0, 256, (5, 7, 3)), 255))
    assert decode_image(file).size == (7, 5)


GOOD = pam(np.zeros((4, 4, 3)), 255)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (GOOD[:-1], "cut short"),
        (GOOD.replace(b"DEPTH 3", b"DEPTH 5"), "5 planes; expected 1 to 4"),
        (GOOD.replace(b"MAXVAL 255", b"MAXVAL 300"), "MAXVAL 300; expected 1 to 255"),
        (GOOD.replace(b"MAXVAL 255", b"MAXVAL 0"), "MAXVAL 0"),
        (GOOD.replace(b"WIDTH 4", b"WIDTH -4"), "lacks WIDTH"),
        (GOOD.replace(b"WIDTH 4", b"WIDTH 999999999"), "over the limit"),
        (GOOD.replace(b"ENDHDR", b"NOTHING"), "its header has no end"),
        (b"P7\n", "its header has no end"),
    ],
)
def test_what_is_wrong_is_said(content: bytes, words: str) -> None:
    with pytest.raises(ImageError, match=words):
        decode_image(content)
