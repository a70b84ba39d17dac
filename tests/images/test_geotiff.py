"""Georeferences are written as they were read, to the last bit."""

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS
from rasterio.transform import Affine
from tests.band_files import some_bands, write_bands

from convsight.errors import UserError
from convsight.images import georeference_of, geotiff


def test_of_real_files(shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("spacenet_samples")
    for name in ("sample_geotiff.tif", "sample_geotiff_custom_proj.tif"):
        where = georeference_of(folder / name)
        assert where is not None
        with rasterio.open(folder / name) as original:
            mask = np.arange(original.width * original.height, dtype=np.uint16).reshape(original.shape)
            written = georeference_of(geotiff(mask, where))
            assert written == where
            assert (written.crs.to_wkt(), written.transform) == (original.crs.to_wkt(), original.transform)


@pytest.mark.parametrize("point", [None, "Point"])
def test_transforms_to_the_last_bit(tmp_path: Path, point: str | None) -> None:
    chance = random.Random(3)
    for turned in (0, 1) * 10:
        shear = [turned * chance.uniform(-1, 1) for _ in range(2)]
        place = chance.uniform(-1e7, 1e7), chance.uniform(-1e7, 1e7)
        transform = Affine(chance.uniform(0.1, 30), shear[0], place[0], shear[1], -chance.uniform(0.1, 30), place[1])
        file = write_bands(tmp_path / "a.tif", some_bands(), crs="EPSG:32616", transform=transform)
        if point:
            with rasterio.open(file, "r+") as changed:
                changed.update_tags(AREA_OR_POINT=point)
        where = georeference_of(file)
        assert where is not None
        again = georeference_of(geotiff(np.zeros((6, 5), np.uint8), where))
        assert again == where
        assert np.array(again.transform).tobytes() == np.array(where.transform).tobytes()
        with rasterio.open(file) as original:
            assert where.transform == original.transform
            assert where.crs == original.crs


def test_control_points(tmp_path: Path) -> None:
    points = [GroundControlPoint(row, column, column * 2.5, row * -1.25) for row, column in ((0, 0), (0, 5), (6, 0))]
    where = georeference_of(write_bands(tmp_path / "a.tif", some_bands(), gcps=points, crs=CRS.from_epsg(4326)))
    assert where is not None
    again = georeference_of(geotiff(np.zeros((6, 5), np.uint8), where))
    assert again is not None
    assert again.crs == CRS.from_epsg(4326)
    assert [(each.row, each.col, each.x, each.y) for each in again.gcps] == [
        (each.row, each.col, each.x, each.y) for each in points
    ]
    with pytest.raises(UserError, match="warp it"):
        where.part(1, 1)


def test_values_colours_and_nodata(tmp_path: Path) -> None:
    file = write_bands(tmp_path / "a.tif", some_bands(), crs="EPSG:32616", transform=Affine(2, 0, 100, 0, -2, 900))
    where = georeference_of(file)
    assert where is not None
    values = np.array([[0, 1], [2, 255]], np.uint8)
    written = tmp_path / "mask.tif"
    written.write_bytes(geotiff(values, where.part(3, 1), nodata=255, colours={1: (10, 20, 30)}))
    with rasterio.open(written) as found:
        assert (found.read(1) == values).all()
        assert found.nodata == 255
        assert found.colormap(1)[1] == (10, 20, 30, 255)
        assert found.transform == Affine(2, 0, 106, 0, -2, 898)
    many = geotiff(some_bands(3, 4, 5, "float32"), where)
    (tmp_path / "many.tif").write_bytes(many)
    with rasterio.open(tmp_path / "many.tif") as found:
        assert (np.moveaxis(found.read(), 0, -1) == some_bands(3, 4, 5, "float32")).all()


def test_what_lies_nowhere(tmp_path: Path) -> None:
    assert georeference_of(write_bands(tmp_path / "a.tif", some_bands())) is None
    assert georeference_of(b"no TIFF") is None
    assert georeference_of(tmp_path / "missing.tif") is None
