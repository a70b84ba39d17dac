"""The sheet: every result is on it, at its place and scale."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from convsight.arithmetic.filtering import filter_image
from convsight.arithmetic.sheet import draw_sheet, save_sheet
from convsight.errors import UserError


def saved(tmp_path: Path, width: int, height: int) -> Path:
    file = tmp_path / "noise.png"
    noise = np.random.default_rng(0).integers(0, 256, (height, width), dtype=np.uint8)
    Image.fromarray(noise).save(file)
    return file


def contains(sheet: Image.Image, levels: NDArray[np.uint8]) -> bool:
    """Whether the grey levels stand somewhere on the sheet."""
    pixels, (height, width) = np.asarray(sheet), levels.shape
    # All of it is compared only where the ends of its first row fit.
    found = (pixels[:, : 1 - width or None] == levels[0, 0]) & (pixels[:, width - 1 :] == levels[0, -1])
    places = np.argwhere(found.all(axis=2)).tolist()
    wanted = levels[:, :, np.newaxis].repeat(3, axis=2)
    return any(np.array_equal(pixels[y : y + height, x : x + width], wanted) for y, x in places)


@pytest.mark.parametrize("stride", [1, 2])
def test_small_images_keep_their_cells(tmp_path: Path, stride: int) -> None:
    found = filter_image(saved(tmp_path, 40, 30), ["identity", "sobel-x", "1 1 / 2"], stride=stride)
    sheet = draw_sheet(found)
    factor = 420 // 40
    assert contains(sheet, found.grey.repeat(factor, 0).repeat(factor, 1))
    for one in found.filtered:
        assert contains(sheet, one.shown.repeat(factor * stride, 0).repeat(factor * stride, 1))
    assert not contains(sheet, found.grey[::-1].repeat(factor, 0).repeat(factor, 1))


def test_large_images_are_reduced(tmp_path: Path) -> None:
    found = filter_image(saved(tmp_path, 1680, 840), ["blur"], padding="same")
    sheet = draw_sheet(found)
    assert sheet.width == 2 * 420 + 3 * 20
    for levels in (found.grey, found.filtered[0].shown):
        reduced = Image.fromarray(levels).resize((420, 210), Image.Resampling.BILINEAR)
        assert contains(sheet, np.asarray(reduced))


@pytest.mark.parametrize(
    ("size", "kernels", "stride"),
    [
        ((1, 1), ["7"], 1),
        ((3000, 3), ["sobel-x"], 1),
        ((3, 3000), ["sobel-x"], 7),
        ((20, 20), ["blur"], 100_000),
        ((30, 30), [" ".join("1" * 30), "; ".join("1" * 30), "blur", "-0.123456 " * 6 + "1"], 1),
        ((12, 12), ["identity"] * 17, 1),
    ],
)
def test_any_shape_has_a_sheet(tmp_path: Path, size: tuple[int, int], kernels: list[str], stride: int) -> None:
    sheet = draw_sheet(filter_image(saved(tmp_path, *size), kernels, stride=stride))
    assert sheet.mode == "RGB"
    assert max(sheet.size) < 3500


def test_a_stride_longer_than_the_image_does_not_shrink_it(tmp_path: Path) -> None:
    found = filter_image(saved(tmp_path, 20, 20), ["blur"], stride=100_000)
    assert contains(draw_sheet(found), found.grey.repeat(21, 0).repeat(21, 1))


def test_a_file_name_may_hold_anything(tmp_path: Path) -> None:
    file = saved(tmp_path, 20, 20).rename(tmp_path / "line\nbreak \udcff.png")
    assert draw_sheet(filter_image(file, ["1 2\n3 4"])).height > 100


def test_names_are_free_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = filter_image(saved(tmp_path, 20, 20), ["blur"])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "noise-filters-2.png").write_text("mine")
    assert [save_sheet(found), save_sheet(found)] == [Path("noise-filters.png"), Path("noise-filters-3.png")]
    assert (tmp_path / "noise-filters-2.png").read_text() == "mine"
    assert np.array_equal(np.asarray(Image.open("noise-filters.png")), np.asarray(draw_sheet(found)))


def test_a_link_to_the_image_is_the_image(tmp_path: Path) -> None:
    found = filter_image(saved(tmp_path, 20, 20), ["blur"])
    (tmp_path / "link.png").symlink_to(found.image)
    with pytest.raises(UserError, match="is the image itself"):
        save_sheet(found, tmp_path / "link.png")
