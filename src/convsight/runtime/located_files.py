"""The files of a result, its masks where its original lies: GeoTIFF beside GeoTIFF, NIfTI beside NIfTI."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from convsight.errors import UserError
from convsight.images import Georeference, Source, georeference_of, geotiff, is_tiff_source, nifti_mask
from convsight.inputs import InputSpec, VolumeInput
from convsight.inputs.resample import nearest_of_shape
from convsight.results import WithFiles


@runtime_checkable
class _Indices(Protocol):
    """A result that has an index for every pixel (height, width) or voxel (depth, height, width)."""

    indices: NDArray[np.integer[Any]]
    colours: Sequence[tuple[int, int, int]]
    ignore_index: int


def located_files(spec: InputSpec, source: Source | None, result: WithFiles) -> dict[str, bytes]:
    """The files of `result`, which is about `source`, by suffix; masks lie where their original does.

    Beside a TIFF that is georeferenced it is `mask.tif`, with the same coordinate system and transform; of a NIfTI
    file `mask.nii.gz` in the place of `mask.npy`, in the order and direction of its axes, with its affine bit for bit.
    Where rasterio is not installed, nothing is known of where TIFF files lie.
    """
    files = result.files()
    if not isinstance(result, _Indices) or not isinstance(source, Path | bytes):
        return files
    if isinstance(spec, VolumeInput):
        space = spec.space(source)
        if space is None or result.indices.ndim != 3:
            return files
        own = nearest_of_shape(result.indices, space.own_shape)
        return {name: each for name, each in files.items() if name != "mask.npy"} | {
            "mask.nii.gz": nifti_mask(own, space)
        }
    where = _georeference(source) if result.indices.ndim == 2 else None
    if where is None:
        return files
    colours = dict(enumerate(result.colours)) if result.indices.dtype == np.uint8 else None
    return {**files, "mask.tif": geotiff(result.indices, where, nodata=result.ignore_index, colours=colours)}


def _georeference(source: Path | bytes) -> Georeference | None:
    try:
        return georeference_of(source) if is_tiff_source(source) else None
    except UserError:
        return None
