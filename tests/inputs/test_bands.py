"""`ImageInput` of TIFF files of bands: the arrays that networks are given, and what people are shown."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.band_files import some_bands, write_bands

from convsight.images import ImageError, InputSize, fit_planes
from convsight.inputs import ImageInput
from convsight.inputs.shown import shown


def spec(channels: int = 4, bits: int = 16, **others: object) -> ImageInput:
    numbers = {"mean": (0.0,) * channels, "std": (1.0,) * channels, **others}
    return ImageInput(height=3, width=4, channels=channels, bits=bits, **numbers)


@pytest.mark.parametrize(("dtype", "bits"), [("uint8", 8), ("uint16", 16), ("int16", 32), ("float32", 32)])
def test_a_file_is_the_array_it_holds(tmp_path: Path, dtype: str, bits: int) -> None:
    values = some_bands(dtype=dtype)
    taken = spec(bits=bits)
    file = write_bands(tmp_path / "b.tif", values)
    assert taken.is_file(file)
    for source in (file, file.read_bytes()):
        found = taken.load(source)
        assert found.size == (5, 6)
        assert (found.array == fit_planes(values.astype(taken.dtype), InputSize(3, 4), taken.low)).all()
        assert (found.array == taken.load(values.astype(taken.dtype)).array).all()
        assert (taken.original(source) == values).all()


def test_what_says_nothing_counts_as_the_lowest(tmp_path: Path) -> None:
    values = some_bands(3, 4, 4, "float32")
    values[:2], values[2, 0] = np.nan, -9999
    taken = spec(bits=32, low=-5.0, high=200.0)
    found = taken.load(write_bands(tmp_path / "b.tif", values, nodata=-9999))
    assert (found.array[:2] == -5).all()
    assert (found.array[2, 0] == -5).all()
    assert (found.array[2, 1:] == values[2, 1:]).all()
    assert found.remark == "75% of its values are nodata or no numbers, taken as -5"


def test_other_files_are_refused(tmp_path: Path) -> None:
    Image.new("RGB", (5, 5)).save(tmp_path / "photo.jpg")
    with pytest.raises(ImageError, match="this network takes TIFF files of bands, or arrays"):
        spec().load(tmp_path / "photo.jpg")
    Image.new("RGB", (5, 5)).save(tmp_path / "photo.tif")
    with pytest.raises(ImageError, match="holds 3 bands of uint8; expected 4 of uint16"):
        spec().load(tmp_path / "photo.tif")
    with pytest.raises(ImageError, match="the sent file holds 5 bands of uint16"):
        spec().load(write_bands(tmp_path / "b.tif", some_bands(bands=5)).read_bytes(), name="the sent file")


def test_colours_are_stretched_to_two_deviations() -> None:
    taken = spec(5, high=1000.0, mean=(0.5,) * 5, std=(0.1,) * 5, shown_bands=(3, 2, 0))
    values = np.zeros((1, 3, 5), np.uint16)
    values[0, :, 3], values[0, :, 2], values[0, :, 0], values[0, :, 1] = [300, 500, 900], [700, 0, 301], 500, 700
    picture = shown(taken, values)
    assert picture is not None
    assert np.asarray(picture)[0].tolist() == [[0, 255, 128], [128, 0, 128], [255, 1, 128]]
    grey = shown(spec(2, high=1000.0, mean=(0.5,) * 2, std=(0.1,) * 2), values[..., 3:5])
    assert grey is not None
    assert np.asarray(grey)[0].tolist() == [[0] * 3, [128] * 3, [255] * 3]


def test_a_card_says_what_was_measured() -> None:
    taken = spec(5, high=1000.0, missing=0.25, shown_bands=(3, 2, 0))
    assert ImageInput.model_validate_json(taken.model_dump_json()) == taken
    words = "images of 4 x 3 px, 5 channels of 16 bits from 0 to 1,000 (0.25 of the values say nothing and are left out"
    assert taken.summary.startswith(words)
    assert "missing" not in spec().model_dump()
    with pytest.raises(ValueError, match=r"the bands \(3, 2, 5\) are shown, of 0 to 4"):
        spec(5, shown_bands=(3, 2, 5))
