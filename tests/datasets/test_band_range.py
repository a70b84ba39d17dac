"""The bands of a data set and the range of their values."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.band_files import some_bands, write_bands

from convsight.datasets.band_range import measured_bands
from convsight.errors import UserError


def files(folder: Path, dtype: str, count: int = 6, bands: int = 4) -> list[Path]:
    return [
        write_bands(folder / f"{number}.tif", some_bands(bands=bands, dtype=dtype, seed=number))
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("dtype", "bits", "high"), [("uint8", 8, 255.0), ("uint16", 16, 511.0), ("int16", 32, None), ("float32", 32, None)]
)
def test_the_range_follows_from_the_type(tmp_path: Path, dtype: str, bits: int, high: float | None) -> None:
    found = measured_bands(files(tmp_path, dtype))
    assert found is not None
    assert (found.channels, found.range["bits"], found.missing, found.shown) == (4, bits, 0, None)
    if high is None:
        assert 0 <= found.range["low"] < 2
        assert 197 < found.range["high"] <= 199
    else:
        assert (found.range["low"], found.range["high"]) == (0, high)


def test_what_says_nothing_is_left_out(tmp_path: Path) -> None:
    values = some_bands(10, 10, 2, "float32") / 400
    values[0], values[1, 0, 0] = -9999, np.nan
    found = measured_bands([write_bands(tmp_path / "b.tif", values, nodata=-9999)])
    assert found is not None
    assert (found.range["low"], found.range["high"]) == (0, 1)
    assert found.missing == pytest.approx(21 / 200)


def test_single_values_of_floating_point_do_not_decide(tmp_path: Path) -> None:
    values = some_bands(100, 100, 2, "float32")
    values[50, 50, 0] = 1e30
    found = measured_bands([write_bands(tmp_path / "b.tif", values)])
    assert found is not None
    assert found.range["high"] <= 199


def test_most_files_decide(tmp_path: Path) -> None:
    four = files(tmp_path / "four", "uint16")
    five = files(tmp_path / "five", "uint16", 2, bands=5)
    found = measured_bands([*five, *four])
    assert found is not None
    assert found.channels == 4
    photos = [tmp_path / f"{number}.tif" for number in range(7)]
    for photo in photos:
        Image.new("RGB", (4, 4)).save(photo)
    assert measured_bands([*photos, *four]) is None
    assert measured_bands(files(tmp_path / "three", "uint8", bands=3)) is None
    assert measured_bands(np.zeros((3, 4, 4), np.uint8)) is None


def test_all_samples_are_bands_where_somebody_says_so(tmp_path: Path) -> None:
    photo, other = tmp_path / "a.tif", tmp_path / "a.png"
    Image.new("RGBA", (4, 4), (1, 2, 3, 40)).save(photo)
    Image.new("RGB", (4, 4)).save(other)
    assert measured_bands([photo]) is None
    found = measured_bands([photo], all_samples=True)
    assert found is not None
    assert (found.channels, found.range["bits"], found.shown) == (4, 8, (0, 1, 2))
    deep = measured_bands([write_bands(tmp_path / "h.tif", some_bands(bands=1, dtype="float32"))], all_samples=True)
    assert deep is not None
    assert (deep.channels, deep.range["bits"]) == (1, 32)
    with pytest.raises(UserError, match="--colour bands goes with TIFF files"):
        measured_bands([other], all_samples=True)
