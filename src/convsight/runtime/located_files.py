"""The files of a result, its masks as its original is: GeoTIFF beside GeoTIFF, NIfTI beside NIfTI, pages of slices."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.errors import UserError
from convsight.images import Georeference, Source, georeference_of, geotiff, is_tiff_source, nifti_mask
from convsight.inputs import InputSpec, VolumeInput
from convsight.inputs.resample import nearest_of_shape
from convsight.inputs.slices import stack_header
from convsight.inputs.volume_file import is_nifti_source, is_stack_source
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
    file `mask.nii.gz` in the place of `mask.npy`, in the order and direction of its axes, with its affine bit for bit;
    of a stack of slices `mask.tif` with as many pages. Where rasterio is not installed, nothing is known of where TIFF
    files lie.
    """
    files = result.files()
    if not isinstance(result, _Indices) or not isinstance(source, Path | bytes):
        return files
    if isinstance(spec, VolumeInput):
        return _of_volume(spec, source, result, files) if result.indices.ndim == 3 else files
    where = _georeference(source) if result.indices.ndim == 2 else None
    if where is None:
        return files
    colours = dict(enumerate(result.colours)) if result.indices.dtype == np.uint8 else None
    return {**files, "mask.tif": geotiff(result.indices, where, nodata=result.ignore_index, colours=colours)}


def _of_volume(spec: VolumeInput, source: Path | bytes, result: _Indices, files: dict[str, bytes]) -> dict[str, bytes]:
    """The files of a result about a volume, the mask in the format of its file."""
    rest = {name: each for name, each in files.items() if name != "mask.npy"}
    if space := spec.space(source):
        return rest | {"mask.nii.gz": nifti_mask(nearest_of_shape(result.indices, space.own_shape), space)}
    if is_nifti_source(source) or not is_stack_source(source):
        return files
    sides = stack_header(source)
    own = result.indices if sides is None else nearest_of_shape(result.indices, sides.shape)
    return rest | {"mask.tif": _pages(own)}


def _pages(indices: NDArray[np.integer[Any]]) -> bytes:
    """Slices of indices (depth, height, width) as the pages of a TIFF, without loss."""
    first, *others = map(Image.fromarray, indices)
    content = BytesIO()
    first.save(content, "TIFF", save_all=True, append_images=others, compression="tiff_adobe_deflate")
    return content.getvalue()


def _georeference(source: Path | bytes) -> Georeference | None:
    try:
        return georeference_of(source) if is_tiff_source(source) else None
    except UserError:
        return None
