"""Outlines in coordinates of the Earth, on the pixels of a georeferenced picture."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.errors import UserError
from convsight.images.bands import quiet_rasterio
from convsight.images.geotiff import Georeference


def pixels_of(
    geometries: Sequence[Mapping[str, Any]], numbers: Sequence[int], where: Georeference, size: tuple[int, int]
) -> NDArray[np.int32]:
    """The number of the geometry at each pixel (height, width) of a picture of `size` (width, height), 0 for none.

    Pixels whose centre lies in it belong to a geometry of GeoJSON, in the picture's coordinates; of several the last.

    Raises `UserError` where rasterio is not installed, or the picture has points in place of a transform.
    """
    quiet_rasterio()
    if where.gcps:
        raise UserError("the picture has ground control points in place of a transform; warp it first")
    found = np.zeros(size[::-1], np.int32)
    if geometries:
        shapes = list(zip(geometries, numbers, strict=True))
        rasterize = import_module("rasterio.features").rasterize
        found = rasterize(shapes, out_shape=size[::-1], transform=where.transform, dtype="int32")
    return found


def moved_geometry(geometry: Mapping[str, Any], crs: str, where: Georeference) -> Mapping[str, Any]:
    """A geometry in the coordinate reference system called `crs`, such as EPSG:4326, in that of the picture."""
    rasterio = quiet_rasterio()
    given = rasterio.crs.CRS.from_user_input(crs)
    if where.crs is None or given == where.crs:
        return geometry
    moved: Mapping[str, Any] = import_module("rasterio.warp").transform_geom(given, where.crs, dict(geometry))
    return moved
