"""The regions of a map as outlines in a GeoJSON file (RFC 7946)."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from convsight.files import write_atomic_with
from convsight.images.bands import quiet_rasterio

_WGS84 = "EPSG:4326"
_LEFT_OUT = "background"  # what lies between things is no region of its own

Ring = list[tuple[float, float]]


def write_geojson(
    path: Path, raster: Path, names: tuple[str, ...], *, own_crs: bool, tell: Callable[[str], object]
) -> int:
    """Write the regions of the GeoTIFF `raster`, whose values are indices of `names`; returns how many there are.

    Each is a feature with the properties `class` and `index`, its rings right-handed. Coordinates are longitude and
    latitude of WGS 84, as the standard wants them; with `own_crs` those of the raster, which the file then names as the
    standard of 2008 did. Where the raster does not say where it lies they are pixels: x to the right, y down. `tell` is
    told which. A region of the class `background` is left out.
    """
    found = [0]
    write_atomic_with(path, partial(_write, raster=raster, names=names, own_crs=own_crs, tell=tell, found=found))
    return found[0]


def _write(
    path: Path, raster: Path, names: tuple[str, ...], own_crs: bool, tell: Callable[[str], object], found: list[int]
) -> None:
    rasterio = quiet_rasterio()
    with rasterio.Env(GDAL_CACHEMAX=64), rasterio.open(raster) as file, path.open("w", encoding="utf-8") as written:
        crs = file.crs
        goes_round = crs is not None and not own_crs
        tell("WGS 84" if goes_round else str(crs) if crs is not None else "pixels, since it is not georeferenced")
        head: dict[str, Any] = {"type": "FeatureCollection"}
        if crs is not None and own_crs:
            head["crs"] = {"type": "name", "properties": {"name": crs.to_string()}}
        written.write(json.dumps(head)[:-1] + ', "features": [')
        for geometry, value in _regions(rasterio, file, names):
            placed = rasterio.warp.transform_geom(crs, _WGS84, geometry) if goes_round else geometry
            rings = [_turned(ring, inside=place > 0) for place, ring in enumerate(placed["coordinates"])]
            feature = {
                "type": "Feature",
                "properties": {"class": names[value], "index": value},
                "geometry": {"type": "Polygon", "coordinates": rings},
            }
            written.write(("," if found[0] else "") + "\n" + json.dumps(feature))
            found[0] += 1
        written.write("\n]}\n")


def _regions(rasterio: Any, file: Any, names: tuple[str, ...]) -> Iterator[tuple[Mapping[str, Any], int]]:
    """Polygons of equal pixels that touch along a side, with their value."""
    from rasterio.features import shapes  # noqa: PLC0415  not in every install

    kept = {index for index, name in enumerate(names) if name.strip().lower() != _LEFT_OUT}
    for geometry, value in shapes(rasterio.band(file, 1), transform=file.transform):
        if int(value) in kept:
            yield geometry, int(value)


def _turned(ring: Ring, *, inside: bool) -> Ring:
    """A ring anticlockwise, or clockwise where it is the edge of a hole `inside`."""
    twice = sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairwise(ring))
    return list(reversed(ring)) if (twice > 0) == inside else list(ring)
