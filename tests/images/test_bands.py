"""Bands of TIFF files: values, what says nothing, and files that are refused."""

import struct
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from tests.band_files import some_bands, write_bands

from convsight.images import BandsWanted, ImageError, decode_image, read_bands, shown_bands

FORMS: list[dict[str, Any]] = [
    {},
    {"interleave": "band"},
    {"compress": "lzw", "predictor": 2},
    {"compress": "deflate", "tiled": True, "blockxsize": 16, "blockysize": 16},
    {"bigtiff": "yes", "endianness": "big"},
]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("form", range(len(FORMS)))
def test_values_are_what_was_written(tmp_path: Path, dtype: str, form: int) -> None:
    values = some_bands(19, 23, 5, dtype)
    if dtype == "int16":
        values -= 100
    profile = FORMS[form] if dtype != "float64" or "predictor" not in FORMS[form] else {}
    file = write_bands(tmp_path / "b.tif", values, **profile)
    for source in (file, file.read_bytes()):
        found = read_bands(source, "b")
        assert found.values.dtype == (dtype if dtype in {"uint8", "uint16"} else "float32")
        assert found.values.flags.c_contiguous
        assert (found.values == values).all()
        assert found.valid is None


def test_many_real_bands(shared_data, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    ndvi = np.load(shared_data("eolearn_lulc") / "NDVI.npy")[..., 0]
    file = write_bands(tmp_path / "ndvi.tif", np.moveaxis(ndvi, 0, -1), compress="deflate")
    assert (read_bands(file, "ndvi").values == np.moveaxis(ndvi, 0, -1)).all()
    sample = read_bands(shared_data("spacenet_samples") / "sample_geotiff_custom_proj.tif", "albers")
    assert sample.values.shape == (512, 512, 3)
    assert (sample.values.min(), sample.values.max()) == (204, 4475)


def test_nodata_and_no_numbers(tmp_path: Path) -> None:
    values = some_bands(4, 4, 2, "float32")
    values[0, 0, 0], values[1, 1, 1], values[2, 2, 1] = -9999, np.nan, np.inf
    found = read_bands(write_bands(tmp_path / "b.tif", values, nodata=-9999), "b")
    assert found.valid is not None
    assert np.argwhere(~found.valid).tolist() == [[0, 0, 0], [1, 1, 1], [2, 2, 1]]
    assert found.missing == pytest.approx(3 / 32)
    filled = found.filled(7)
    assert [filled[0, 0, 0], filled[1, 1, 1], filled[2, 2, 1], filled[3, 3, 1]] == [7, 7, 7, values[3, 3, 1]]
    assert read_bands(write_bands(tmp_path / "c.tif", values[..., :1], nodata=np.nan), "c").valid is None
    lowest = np.full((2, 2, 2), np.finfo(np.float32).min)
    assert read_bands(write_bands(tmp_path / "d.tif", lowest, nodata=float(lowest[0, 0, 0])), "d").missing == 1


def test_what_is_expected_is_asked_of_the_header(tmp_path: Path) -> None:
    file = write_bands(tmp_path / "b.tif", some_bands(dtype="int16"))
    assert read_bands(file, "b", wanted=BandsWanted(4, np.dtype(np.float32))).values.dtype == np.float32
    for wanted in (BandsWanted(5, np.dtype(np.float32)), BandsWanted(4, np.dtype(np.uint16))):
        with pytest.raises(ImageError, match=f"b holds 4 bands of int16; expected {wanted.bands} of {wanted.dtype}"):
            read_bands(file, "b", wanted=wanted)
    with pytest.raises(ImageError, match="5 x 6 pixels = 3e-05 megapixels, over the limit of 1e-05"):
        read_bands(file, "b", max_megapixels=1e-5)
    with pytest.raises(ImageError, match="the type complex64"):
        read_bands(write_bands(tmp_path / "c.tif", np.zeros((2, 2, 2), np.complex64)), "c")


def test_a_huge_header_is_refused_before_anything_is_decoded(tmp_path: Path) -> None:
    whole = bytearray(write_bands(tmp_path / "b.tif", some_bands(dtype="uint8")).read_bytes())
    (place,) = struct.unpack("<I", whole[4:8])
    entries = {struct.unpack_from("<H", whole, place + 2 + 12 * row)[0]: place + 2 + 12 * row for row in range(8)}
    for tag, size in ((256, 60_000), (257, 60_000)):
        struct.pack_into("<HHII", whole, entries[tag], tag, 4, 1, size)
    with pytest.raises(ImageError, match="60000 x 60000 pixels = 3600 megapixels, over the limit of 100"):
        read_bands(bytes(whole), "huge")
    with pytest.raises(ImageError, match="values, over the limit"):
        read_bands(bytes(whole), "huge", max_megapixels=10_000)


@pytest.mark.parametrize("form", range(len(FORMS)))
def test_a_file_cut_short(tmp_path: Path, form: int) -> None:
    whole = write_bands(tmp_path / "b.tif", some_bands(64, 64, 4), **FORMS[form]).read_bytes()
    for share in (0.3, 0.6, 0.95):
        cut = tmp_path / "cut.tif"
        cut.write_bytes(whole[: int(len(whole) * share)])
        for source in (cut, cut.read_bytes()):
            with pytest.raises(ImageError, match="cut"):
                read_bands(source, "cut")


def test_what_is_no_file_of_bands(tmp_path: Path) -> None:
    (tmp_path / "empty.tif").touch()
    (tmp_path / "text.tif").write_text("<VRTDataset/>")
    for name, words in (("empty", "is empty"), ("text", "is no TIFF"), ("missing", "cannot read missing")):
        with pytest.raises(ImageError, match=words):
            read_bands(tmp_path / f"{name}.tif", name)


def test_hostile_files_end_no_process(tmp_path: Path) -> None:
    """Bytes changed by chance, in a process of its own: it must end by itself, and raise nothing but `ImageError`."""
    for form, profile in enumerate(FORMS):
        write_bands(tmp_path / f"{form}.tif", some_bands(20, 20, 4), **profile)
    script = f"""
import random
from pathlib import Path
from typing import Any
from convsight.images import ImageError, decode_image, read_bands, tiff_header
chance, read, refused = random.Random(0), 0, 0
for file in sorted(Path({str(tmp_path)!r}).glob("*.tif")) * 60:
    content = bytearray(file.read_bytes())
    for _ in range(chance.choice((1, 3, 20))):
        place = chance.randrange(min(len(content), 600)) if chance.random() < 0.7 else chance.randrange(len(content))
        content[place] = chance.choice((0, 1, 255, chance.randrange(256)))
    for read_it in (lambda c: read_bands(c, "it", max_megapixels=1), lambda c: decode_image(c, max_megapixels=1)):
        try:
            read_it(bytes(content))
            read += 1
        except ImageError:
            refused += 1
print(read, refused)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    read, refused = map(int, done.stdout.split())
    assert read > 20
    assert refused > 100


def test_three_bands_of_8_bits_are_colours(tmp_path: Path) -> None:
    values = some_bands(6, 5, 3, "uint8")
    assert (np.asarray(decode_image(write_bands(tmp_path / "b.tif", values))) == values).all()
    with pytest.raises(ImageError, match="holds 4 bands of uint16, and what is asked for takes grey or colours"):
        decode_image(write_bands(tmp_path / "c.tif", some_bands()))


def test_bands_that_are_called_colours(tmp_path: Path) -> None:
    named = ("coastal", "Blue", "green", "RED")
    assert shown_bands(write_bands(tmp_path / "b.tif", some_bands(), named=named)) == (3, 2, 1)
    assert shown_bands(write_bands(tmp_path / "c.tif", some_bands())) is None
    rgb = {"photometric": "rgb", "alpha": "unspecified"}
    assert shown_bands(write_bands(tmp_path / "d.tif", some_bands(), **rgb)) == (0, 1, 2)


def test_the_missing_extra_is_named(tmp_path: Path) -> None:
    file = write_bands(tmp_path / "b.tif", some_bands())
    with (
        patch.dict(sys.modules, {"rasterio": None, "rasterio.io": None}),
        pytest.raises(ImageError, match=r"\.\[geo\]"),
    ):
        read_bands(file, "b")
