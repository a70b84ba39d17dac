import json
from collections.abc import Callable
from pathlib import Path
from shutil import copy
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.datasets.masks.said import indices, kinds, refused, things

from convsight.datasets import read_as_it_is, read_dataset
from convsight.datasets.masks.adopt import with_things

rasterio: Any = pytest.importorskip("rasterio")
warp: Any = pytest.importorskip("rasterio.warp")

Text = Callable[[str, str], Path]

_NAME = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32616"}}


def _picture(path: Path) -> None:
    """6 x 4 pixels of 10 m, whose outer corner is at (500000, 4000040)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    transform = rasterio.Affine(10, 0, 500_000, 0, -10, 4_000_040)
    profile = {"driver": "GTiff", "width": 6, "height": 4, "count": 1, "dtype": "uint8"}
    with rasterio.open(path, "w", **profile, crs="EPSG:32616", transform=transform) as file:
        file.write(np.arange(24, dtype=np.uint8).reshape(1, 4, 6))


def _square(left: float, top: float, side: float) -> dict[str, Any]:
    """A square in metres from the picture's upper left corner."""
    x, y = 500_000 + left, 4_000_040 - top
    ring = [[x, y], [x + side, y], [x + side, y - side], [x, y - side], [x, y]]
    return {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def _collection(*features: dict[str, Any], crs: object = _NAME) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features} | ({"crs": crs} if crs else {}))


# Pixels whose centres lie in the square from 10 to 30 m, and one of which the corner alone does not.
TWO = [[0, 0, 0, 0, 0, 1], [0, 1, 1, 0, 0, 0], [0, 1, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0]]


def test_footprints_in_the_coordinates_of_the_picture(tmp_path: Path, text: Text) -> None:
    _picture(tmp_path / "train/images/a.tif")
    text("train/geojson/a_labels.geojson", _collection(_square(10, 10, 20), _square(50, 0, 10), _square(2, 2, 2)))
    dataset = read_dataset(tmp_path)
    assert (list(dataset.splits), dataset.target.names) == (["train"], ("background", "footprint"))
    assert indices(dataset, "train/images/a.tif") == TWO
    found = with_things(dataset)
    assert found is not None
    assert things(found, "train/images/a.tif") == [
        ("footprint", [1, 1, 3, 3], 4),
        ("footprint", [5, 0, 6, 1], 1),
    ]


def test_degrees_are_moved_into_the_coordinates_of_the_picture(tmp_path: Path, text: Text) -> None:
    _picture(tmp_path / "a.tif")
    square = _square(10, 10, 20)
    square["geometry"] = warp.transform_geom("EPSG:32616", "EPSG:4326", square["geometry"])
    text("a.geojson", _collection(square, crs=None))
    found = indices(read_dataset(tmp_path), "a.tif")
    assert found == [[0] * 6, *TWO[1:]]


def test_names_of_spacenet(tmp_path: Path, text: Text) -> None:
    _picture(tmp_path / "PS-RGB/SN2_PS-RGB_AOI_2_Vegas_img1.tif")
    text("geojson/buildings_AOI_2_Vegas_img1.geojson", _collection(_square(10, 10, 20)))
    assert len(read_dataset(tmp_path).splits["all"]) == 1


def test_what_is_wrong(tmp_path: Path, text: Text) -> None:
    Image.new("L", (6, 4)).save(tmp_path / "a.tif")
    text("a.geojson", _collection(_square(10, 10, 20)))
    refused(tmp_path, "a.tif says not where on Earth it lies")
    assert kinds(tmp_path) == ["images-without-georeference"]
    _picture(tmp_path / "a.tif")
    text("a.geojson", "{}")
    refused(tmp_path, "a.geojson is no GeoJSON of footprints")
    text("a.geojson", _collection(_square(1, 1, 9), crs={"properties": {"name": "moon"}}))
    refused(tmp_path, "names the reference system 'moon', which is unknown")
    text("a.geojson", _collection(_square(10, 10, 20)))
    text("b.geojson", _collection())
    refused(tmp_path, "1 file of footprints without a picture (b.geojson)")


@pytest.mark.parametrize("kind", ["uint8", "uint16", "int16", "int32"])
def test_masks_as_geotiff(tmp_path: Path, kind: str) -> None:
    """Of any whole numbers: Pillow reads the first two kinds, rasterio all."""
    _picture(tmp_path / "images/a.tif")
    (tmp_path / "masks").mkdir()
    profile = {"driver": "GTiff", "width": 6, "height": 4, "count": 1, "dtype": kind, "crs": "EPSG:32616"}
    transform = rasterio.Affine(10, 0, 500_000, 0, -10, 4_000_040)
    with rasterio.open(tmp_path / "masks/a.tif", "w", **profile, transform=transform) as file:
        file.write(np.array([TWO], kind))
    dataset = read_dataset(tmp_path)
    assert dataset.target.names == ("background", "foreground")
    assert indices(dataset, "images/a.tif") == TWO


@pytest.mark.parametrize(
    ("picture", "outlines", "count"),
    [
        ("sample_geotiff.tif", "geotiff_labels.geojson", 43),
        ("sample_geotiff_custom_proj.tif", "geotiff_custom_proj_labels.geojson", 19),
    ],
)
def test_real_footprints(
    shared_data: Callable[[str], Path], tmp_path: Path, picture: str, outlines: str, count: int
) -> None:
    folder = shared_data("spacenet_samples")
    copy(folder / picture, tmp_path / "a.tif")
    copy(folder / outlines, tmp_path / "a.geojson")
    dataset = read_as_it_is(tmp_path)
    found = np.array(indices(dataset, "a.tif"))
    single = with_things(dataset)
    assert single is not None
    assert 0 < len(things(single, "a.tif")) <= count
    if picture == "sample_geotiff.tif":
        expected = np.asarray(Image.open(folder / "sample_fp_mask_from_geojson.tif"))
        assert (found == expected // 255).all()
    else:
        assert 0.02 < found.mean() < 0.5
