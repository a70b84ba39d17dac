"""TIFF files of bands for tests, as rasterio writes them."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray


def write_bands(file: Path, values: NDArray[Any], **profile: Any) -> Path:
    """`values` (height, width, bands) as a TIFF; `profile` is rasterio's, `tags` texts, `named` the bands' names."""
    height, width, count = values.shape
    named, usual = profile.pop("named", None), {"driver": "GTiff", "photometric": "minisblack"}
    file.parent.mkdir(parents=True, exist_ok=True)
    shape = {"width": width, "height": height, "count": count, "dtype": values.dtype.name}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.open(file, "w", **{**usual, **shape, **profile}) as written:
            written.write(np.moveaxis(values, -1, 0))
            if named:
                written.descriptions = named
    return file


def some_bands(height: int = 6, width: int = 5, bands: int = 4, dtype: str = "uint16", seed: int = 0) -> NDArray[Any]:
    """Values from 0 to 199 (height, width, bands)."""
    return np.random.default_rng(seed).integers(0, 200, (height, width, bands)).astype(dtype)


def class_folders(folder: Path, dtype: str = "uint16", count: int = 12, bands: int = 4) -> Path:
    """Two classes that the second band tells apart, each of `count` files of 8 x 8 pixels, split by folder."""
    scale = {"uint8": 1, "uint16": 20, "int16": -20, "float32": 0.001}[dtype]
    for split, many in (("train", count), ("val", 4), ("test", 4)):
        for number in range(2 * many):
            values = some_bands(8, 8, bands, "float64", seed=len(split) * 1000 + number) / 4
            values[..., 1] += 150 * (number % 2)
            write_bands(folder / split / "ab"[number % 2] / f"{number}.tif", (values * scale).astype(dtype))
    return folder
