"""Where on Earth the pixels of a GeoTIFF lie, and pictures written with the same georeference."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.errors import UserError
from convsight.images.bands import opened_tiff, quiet_rasterio
from convsight.images.tiff_header import is_tiff_source

_AREA_OR_POINT = "AREA_OR_POINT"  # whether coordinates are those of a pixel's corner or of its middle


@dataclass(frozen=True)
class Georeference:
    """The coordinate reference system, the affine transform from pixels to it, and what else says where pixels lie.

    They are rasterio's own objects, so that nothing of them is rounded or rewritten on the way. `gcps` are ground
    control points, of files that have these in place of a transform.
    """

    crs: Any
    transform: Any
    gcps: tuple[Any, ...] = ()
    area_or_point: str | None = None

    @property
    def profile(self) -> dict[str, Any]:
        """What `rasterio.open(..., "w", **profile)` takes of it: for files that are written window by window."""
        return {"crs": self.crs, **({"gcps": list(self.gcps)} if self.gcps else {"transform": self.transform})}

    @property
    def tags(self) -> dict[str, str]:
        """What `update_tags` of such a file takes."""
        return {_AREA_OR_POINT: self.area_or_point} if self.area_or_point else {}

    def part(self, left: int, top: int) -> "Georeference":
        """That of a picture which begins at the pixel (`left`, `top`) of this one."""
        if self.gcps:
            raise UserError("a part of a picture with ground control points is not georeferenced; warp it first")
        here = self.transform
        column, row = here.a * left + here.b * top + here.c, here.d * left + here.e * top + here.f
        moved = type(here)(here.a, here.b, column, here.d, here.e, row)
        return Georeference(self.crs, moved, (), self.area_or_point)


def georeference_of(source: Path | bytes) -> Georeference | None:
    """The georeference of a TIFF, a file or the content of one; None where it has none, or is no TIFF.

    Raises `UserError` where rasterio is not installed.
    """
    if not is_tiff_source(source):
        return None
    try:
        with opened_tiff(source) as file:
            points, crs_of_points = file.gcps
            crs = crs_of_points if points else file.crs
            if crs is None and not points and file.transform.is_identity:
                return None
            return Georeference(crs, file.transform, tuple(points), file.tags().get(_AREA_OR_POINT))
    except UserError:
        raise
    except Exception:  # whoever decodes it says what is wrong
        return None


def geotiff(
    values: NDArray[Any],
    where: Georeference,
    *,
    nodata: float | None = None,
    colours: Mapping[int, tuple[int, int, int]] | None = None,
) -> bytes:
    """A GeoTIFF file of `values` (height, width) or (height, width, bands) that lies `where` its original does.

    Compressed without loss. `colours` are those of whole numbers of 8 bits in one band, RGB 0..255, by value; `nodata`
    is the value that stands for none. Raises `UserError` where rasterio is not installed.
    """
    rasterio = quiet_rasterio()
    planes = values[..., None] if values.ndim == 2 else values
    height, width, bands = planes.shape
    kept = {"driver": "GTiff", "compress": "deflate", "photometric": "minisblack", "nodata": nodata}
    what = {"width": width, "height": height, "count": bands, "dtype": planes.dtype.name}
    with rasterio.io.MemoryFile() as memory:
        with memory.open(**kept, **what, **where.profile) as file:
            file.update_tags(**where.tags)
            file.write(np.moveaxis(planes, -1, 0))
            if colours is not None:
                file.write_colormap(1, {value: (*colour, 255) for value, colour in colours.items()})
        return bytes(memory.read())
