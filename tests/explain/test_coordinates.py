"""A map lies in the pixels of the picture as it is looked at, whatever was done to it on its way into a network."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.explain.bright_model import bright_model

import convsight
from convsight.explain.explain import explained

SIDE = 80  # of what the network sees
SQUARE = 16
SIZES = {"wide": (160, 80), "tall": (80, 160), "large": (240, 200)}
# How a picture that is upright lies in a file whose EXIF says that it is to be turned or mirrored so.
TURNS = {
    1: None,
    3: Image.Transpose.ROTATE_180,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
FITS: dict[str, dict[str, Any]] = {
    "crop": {"fit": "crop"},
    "squash": {"fit": "squash"},
    "pad": {"fit": "pad"},
    "resize, then crop": {"fit": "crop", "shorter": 100},
}


def picture(size: tuple[int, int], left: int, top: int) -> Image.Image:
    """Black, with a white square there."""
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    pixels[top : top + SQUARE, left : left + SQUARE] = 255
    return Image.fromarray(pixels)


def corners(left: int, top: int, right: int, bottom: int) -> list[tuple[int, int]]:
    return [(x, y) for x in (left, right - SQUARE) for y in (top, bottom - SQUARE)]


def save(image: Image.Image, turn: int, file: Path) -> Path:
    exif = Image.Exif()
    exif[0x0112] = turn
    turned = TURNS[turn]
    (image if turned is None else image.transpose(turned)).save(file, exif=exif)
    return file


def seen_part(size: tuple[int, int], choices: dict[str, Any]) -> tuple[int, int, int, int]:
    """What the network sees of a picture (left, top, right, bottom), worked out by hand."""
    width, height = size
    if choices["fit"] != "crop":
        return 0, 0, width, height
    side = min(size) * (SIDE / choices["shorter"] if "shorter" in choices else 1)
    left, top = round((width - side) / 2), round((height - side) / 2)
    return left, top, left + round(side), top + round(side)


def brightness(file: Path, choices: dict[str, Any]) -> NDArray[np.float64]:
    """The map of a method that tells how bright each pixel is that the network sees."""
    subject = explained(bright_model(SIDE, **choices)).subject(file, "bright")
    values = subject.on_original(subject.array.mean(axis=2) / 255)
    assert subject.original().size == values.shape[::-1]
    return values


def check_mass(values: NDArray[np.float64], left: int, top: int, near: int) -> None:
    """The mass of a map is that of the square there, within `near` pixels of its edges and half of one of it."""
    mass = np.nan_to_num(values)
    rows, columns = np.indices(values.shape)
    centre = [(mass * axis).sum() / mass.sum() + 0.5 for axis in (columns, rows)]
    assert centre == pytest.approx([left + SQUARE / 2, top + SQUARE / 2], abs=0.5 + near / 4)
    part = np.s_[max(0, top - near) : top + SQUARE + near, max(0, left - near) : left + SQUARE + near]
    assert mass[part].sum() > 0.97 * mass.sum()
    assert mass.sum() == pytest.approx(SQUARE**2, rel=0.12)


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("fit", FITS)
def test_the_mass_is_where_the_square_is(fit: str, shape: str, turn: int, tmp_path: Path) -> None:
    size, choices = SIZES[shape], FITS[fit]
    part = seen_part(size, choices)
    scale = max(1, round(max(size) / SIDE))  # pixels of the picture to one that the network sees
    for left, top in corners(*part):
        values = brightness(save(picture(size, left, top), turn, tmp_path / "turned.png"), choices)
        assert values.shape == size[::-1]
        check_mass(values, left, top, near=scale)
        outside = np.ones(values.shape, bool)
        outside[part[1] : part[3], part[0] : part[2]] = False
        np.testing.assert_array_equal(np.isnan(values), outside)


@pytest.mark.parametrize("shape", ["wide", "tall"])
def test_without_a_resize_the_map_is_the_picture_to_the_bit(shape: str, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (*SIZES[shape][::-1], 3)).astype(np.uint8)
    file = save(Image.fromarray(pixels), 6, tmp_path / "turned.png")
    values = brightness(file, FITS["crop"])
    left, top, right, bottom = seen_part(SIZES[shape], FITS["crop"])
    np.testing.assert_array_equal(
        values[top:bottom, left:right], pixels[top:bottom, left:right].mean(axis=2) / 255, strict=True
    )


@pytest.mark.parametrize("fit", ["crop", "resize, then crop"])
def test_a_corner_that_was_cut_off_has_no_numbers(fit: str, tmp_path: Path) -> None:
    for left, top in corners(0, 0, *SIZES["wide"]):
        values = brightness(save(picture(SIZES["wide"], left, top), 1, tmp_path / "a.png"), FITS[fit])
        assert np.isnan(values[top : top + SQUARE, left : left + SQUARE]).all()
        assert np.nanmax(values) == 0


@pytest.mark.parametrize("fit", FITS)
def test_occlusion_finds_the_square(fit: str, tmp_path: Path) -> None:
    size, choices = SIZES["wide"], FITS[fit]
    model = bright_model(SIDE, **choices)
    for left, top in corners(*seen_part(size, choices)):
        file = save(picture(size, left, top), 8, tmp_path / "turned.jpg")
        found = convsight.explain(model, file, method="occlusion", target="bright", window=4, stride=4)
        row, column = np.unravel_index(np.nanargmax(found.values), found.values.shape)
        assert left <= column < left + SQUARE
        assert top <= row < top + SQUARE
        positive = np.clip(np.nan_to_num(found.values), 0, None)
        near = positive[max(0, top - 8) : top + SQUARE + 8, max(0, left - 8) : left + SQUARE + 8].sum()
        assert near > 0.95 * positive.sum()
