from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.band_files import write_bands

from convsight.errors import UserError
from convsight.images import BandsWanted, ImageError, RowsWanted, decode_image, opened_rows, read_bands

COLOURS = RowsWanted(None)


def bands(count: int, dtype: str = "uint8") -> RowsWanted:
    return RowsWanted(BandsWanted(count, np.dtype(dtype)), 7)


def write(path: Path, values: NDArray[Any], **choices: Any) -> Path:
    """A TIFF of `values` (bands, height, width)."""
    return write_bands(path, np.moveaxis(values, 0, -1), **choices)


def values(count: int, dtype: str = "uint8") -> NDArray[Any]:
    return np.random.default_rng(0).integers(0, 200, (count, 90, 70)).astype(dtype)


@pytest.mark.parametrize(("count", "dtype"), [(4, "uint8"), (2, "uint16"), (3, "float32"), (1, "int16")])
@pytest.mark.parametrize("layout", [{}, {"tiled": True, "blockxsize": 16, "blockysize": 32, "compress": "deflate"}])
def test_rows_are_those_of_the_whole(tmp_path: Path, count: int, dtype: str, layout: dict[str, Any]) -> None:
    path = write(tmp_path / "a.tif", values(count, dtype), photometric="minisblack", nodata=5, **layout)
    wanted = bands(count, "float32" if dtype == "int16" else dtype)
    whole = read_bands(path, "a", wanted=wanted.bands).filled(7)
    with opened_rows(path, wanted) as rows:
        assert rows.size == (70, 90)
        for top, bottom in ((0, 90), (0, 1), (33, 71), (89, 90)):
            np.testing.assert_array_equal(rows.rows(top, bottom), whole[top:bottom])
            assert rows.rows(top, bottom).dtype == whole.dtype


@pytest.mark.parametrize("count", [1, 3])
def test_rows_of_pictures_are_rgb(tmp_path: Path, count: int) -> None:
    path = write(tmp_path / "a.tif", values(count), photometric="rgb" if count == 3 else "minisblack")
    with opened_rows(path, COLOURS) as rows:
        np.testing.assert_array_equal(rows.rows(10, 50), np.array(decode_image(path))[10:50])


def test_jpeg_in_a_tiff_is_rgb(tmp_path: Path) -> None:
    smooth = np.repeat(np.linspace(0, 255, 70, dtype=np.uint8)[None, None], 3, axis=0).repeat(90, axis=1)
    path = write(tmp_path / "a.tif", smooth, photometric="ycbcr", compress="jpeg", interleave="pixel")
    with opened_rows(path, COLOURS) as rows:
        found = rows.rows(0, 90).astype(int)
    assert np.abs(found - np.moveaxis(smooth, 0, -1)).max() < 8


def test_what_is_not_read_row_by_row_is_refused_with_the_reason(tmp_path: Path) -> None:
    four = write(tmp_path / "four.tif", values(4), photometric="minisblack")
    cases: list[tuple[Path, RowsWanted, str]] = [
        (four, COLOURS, "4 bands of uint8 that are not grey or red, green and blue"),
        (four, bands(3), "4 bands of uint8; expected 3 of uint8"),
        (tmp_path / "no.png", COLOURS, "is no TIFF"),
    ]
    Image.new("RGB", (8, 8)).save(tmp_path / "no.png")
    Image.new("RGB", (8, 8)).save(tmp_path / "turned.tif", exif=_turned())
    cases.append((tmp_path / "turned.tif", COLOURS, "turned by its metadata"))
    Image.new("P", (8, 8)).save(tmp_path / "palette.tif")
    cases.append((tmp_path / "palette.tif", COLOURS, "not grey or red"))
    for path, wanted, reason in cases:
        with pytest.raises(UserError, match=reason), opened_rows(path, wanted):
            pass


def test_damaged_rows_are_told(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (4, 400, 300), dtype=np.uint8)
    path = write(tmp_path / "a.tif", noise, photometric="minisblack", compress="deflate")
    path.write_bytes(path.read_bytes()[:200_000])
    with pytest.raises(ImageError, match="damaged"), opened_rows(path, bands(4)) as rows:
        rows.rows(0, 400)


def _turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif
