"""Which TIFF files hold bands, told from headers that Pillow and rasterio wrote."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.band_files import some_bands, write_bands

from convsight.images import TiffHeader, image_size, is_tiff_source, tiff_header

RGB = 2


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "YCbCr", "LAB", "I;16", "I", "F"])
def test_what_pillow_reads_is_a_picture(mode: str) -> None:
    file = BytesIO()
    Image.new(mode, (7, 5)).save(file, "TIFF")
    header = tiff_header(file.getvalue())
    assert header is not None
    assert (header.width, header.height, header.is_banded) == (7, 5, False)


@pytest.mark.parametrize(
    ("bands", "dtype", "profile"),
    [
        (2, "uint8", {}),
        (3, "uint8", {}),
        (3, "int16", {"photometric": "rgb"}),
        (3, "float32", {}),
        (4, "uint8", {}),
        (4, "uint16", {"photometric": "rgb", "alpha": "unspecified"}),
        (5, "uint8", {"photometric": "rgb"}),
        (13, "uint16", {"interleave": "band", "compress": "deflate"}),
        (68, "float32", {"bigtiff": "yes", "tiled": True, "blockxsize": 16, "blockysize": 16}),
        (4, "int16", {"endianness": "big"}),
    ],
)
def test_bands(tmp_path: Path, bands: int, dtype: str, profile: dict[str, Any]) -> None:
    file = write_bands(tmp_path / "b.tif", some_bands(20, 30, bands, dtype), **profile)
    header = tiff_header(file)
    assert header is not None
    assert header[:4] == (30, 20, bands, dtype)
    assert header.is_banded
    assert tiff_header(file.read_bytes()) == header
    assert image_size(file) == image_size(file.read_bytes()) == (30, 20)


@pytest.mark.parametrize("profile", [{"photometric": "rgb", "alpha": "non-premultiplied"}, {"alpha": "yes"}])
def test_stated_transparency_is_no_band(tmp_path: Path, profile: dict[str, Any]) -> None:
    bands = 4 if "photometric" in profile else 2
    header = tiff_header(write_bands(tmp_path / "b.tif", some_bands(bands=bands, dtype="uint8"), **profile))
    assert header is not None
    assert not header.is_banded


def test_one_band_is_grey(tmp_path: Path) -> None:
    header = tiff_header(write_bands(tmp_path / "b.tif", np.zeros((3, 3, 1), np.float32)))
    assert header == TiffHeader(3, 3, 1, "float32", 1, ())
    assert not header.is_banded


def test_what_is_no_tiff_or_damaged_has_no_header(tmp_path: Path) -> None:
    whole = write_bands(tmp_path / "b.tif", some_bands()).read_bytes()
    assert tiff_header(b"") is None
    assert tiff_header(b"\x89PNG\r\n\x1a\n") is None
    assert tiff_header(tmp_path / "missing.tif") is None
    for length in range(0, 40):
        assert tiff_header(whole[:length]) is None
    assert not is_tiff_source(tmp_path)
    assert not is_tiff_source(tmp_path / "missing.tif")
