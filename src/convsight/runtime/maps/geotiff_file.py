"""A map as a GeoTIFF that may be larger than memory: in blocks, compressed, where its picture lies."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.files import write_atomic_with
from convsight.images import Georeference
from convsight.images.bands import quiet_rasterio
from convsight.results import Colour

BLOCK = 512  # px: side of a block, and rows that are written at once
_BYTE = 256  # indices that a table of colours has room for


class MapBands(NamedTuple):
    """What a file holds: its size (width, height) in px, how many bands, their type, and what stands beside them."""

    size: tuple[int, int]
    many: int
    dtype: str
    nodata: int | None = None
    colours: tuple[Colour, ...] = ()
    names: tuple[str, ...] = ()
    scale: float = 1.0


def write_geotiff(
    path: Path,
    bands: MapBands,
    where: Georeference | None,
    read: Callable[[int, int], NDArray[Any]],
    tell: Callable[[int], object],
) -> None:
    """Write the file at `path` as a whole or not at all; `read` gives its rows (bands, rows, width) from top to bottom.

    `tell` is told after each row of blocks that it is one more.
    """
    write_atomic_with(path, partial(_write, bands=bands, where=where, read=read, tell=tell))


def block_rows(height: int) -> Iterator[tuple[int, int]]:
    """The rows of blocks, from top to bottom."""
    return ((top, min(top + BLOCK, height)) for top in range(0, height, BLOCK))


def _write(
    path: Path,
    bands: MapBands,
    where: Georeference | None,
    read: Callable[[int, int], NDArray[Any]],
    tell: Callable[[int], object],
) -> None:
    rasterio = quiet_rasterio()
    (width, height), windows = bands.size, rasterio.windows
    profile = {
        **{"driver": "GTiff", "width": width, "height": height, "count": bands.many, "dtype": bands.dtype},
        **{"tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK, "interleave": "band"},
        **{"compress": "deflate", "photometric": "minisblack", "bigtiff": "IF_SAFER", "nodata": bands.nodata},
        **(where.profile if where else {}),
    }
    with rasterio.Env(GDAL_PAM_ENABLED="NO", GDAL_CACHEMAX=64), rasterio.open(path, "w", **profile) as file:
        if where:
            file.update_tags(**where.tags)
        if bands.colours and bands.dtype == "uint8" and len(bands.colours) <= _BYTE:
            file.write_colormap(1, {index: (*colour, 255) for index, colour in enumerate(bands.colours)})
        if bands.many == len(bands.names):
            file.descriptions = bands.names
        elif bands.names:
            file.update_tags(classes=", ".join(f"{index} {name}" for index, name in enumerate(bands.names)))
        if bands.scale != 1:
            file.scales = (bands.scale,) * bands.many
        for top, bottom in block_rows(height):
            file.write(np.ascontiguousarray(read(top, bottom)), window=windows.Window(0, top, width, bottom - top))
            tell(1)
