"""What the volumes of a data set are like: their sides, the spacing of their voxels, the range of their values."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.dataset import Images
from convsight.datasets.threads import map_in_threads
from convsight.images import ImageError, VolumeHeader, is_volume_name, read_nifti, volume_header
from convsight.inputs import measured_range
from convsight.inputs.resample import Spacing, resampled_shape
from convsight.spread import evenly

_MEASURED = 100  # volumes whose values decide
_VALUES = 50_000  # of each
_READERS = 4  # threads
_OUTSIDE = 0.005  # of the values lie below the range, and above it
_UNLIKE = 2.0  # times: scanners without a unit; volumes of one unit have their 99.5 percentiles closer together
_SAME = 0.01  # of a spacing
_STEP = 8  # voxels: sides are multiples, so that networks may halve three times


class VolumesFound(NamedTuple):
    """Sides (depth, height, width) that hold most volumes, and what `VolumeInput` takes of the rest."""

    sides: tuple[int, int, int]
    spacing: Spacing | None
    own_range: bool
    range: dict[str, float]
    words: str


def are_volumes(images: Images) -> bool:
    """Whether `images` are volumes: NIfTI files, or arrays of four axes with three equal sides, or of five."""
    if isinstance(images, np.ndarray):
        is_cube = images.ndim == 4 and len(set(images.shape[1:])) == 1 and images.shape[1] > 4
        return images.ndim == 5 or is_cube
    first = images[0] if len(images) else None
    return isinstance(first, Path) and is_volume_name(first.name)


def measured_volumes(images: Images, longest: int | None) -> VolumesFound:
    """What the volumes in `images` are like, none of whose sides shall be over `longest` voxels; None: as they are.

    Raises `ValueError` where no header can be read.
    """
    if isinstance(images, np.ndarray):
        depth, height, width = images.shape[1:4]
        sides = depth, height, width
        return VolumesFound(sides, None, False, dict(measured_range(images)), "as the data has")
    files = list(images)
    headers = [found for found in map_in_threads(volume_header, files, _READERS) if found]
    if not headers:
        raise ValueError("no header")
    spacing, words = (None, "voxels as the files have them") if longest is None else _spacing(headers, longest)
    shapes = np.array([resampled_shape(each.shape, each.spacing, spacing or each.spacing) for each in headers])
    most = np.minimum(shapes.max(axis=0), np.ceil(1.5 * np.median(shapes, axis=0))).astype(int).tolist()
    depth, height, width = (-(-side // _STEP) * _STEP for side in most)
    own, found = _range([files[row] for row in evenly(len(files), _MEASURED)])
    return VolumesFound((depth, height, width), spacing, own, found, words)


def _spacing(headers: Sequence[VolumeHeader], longest: int) -> tuple[Spacing | None, str]:
    """The spacing that files are resampled to, None where they keep theirs, and why."""
    spacings = np.array([header.spacing for header in headers])
    middle = np.median(spacings, axis=0)
    shapes = np.array([resampled_shape(header.shape, header.spacing, tuple(middle)) for header in headers])
    coarser = max(1.0, float(np.quantile(shapes.max(axis=1), 0.9)) / longest)
    if coarser == 1 and (np.abs(spacings / middle - 1) <= _SAME).all():
        return None, f"voxels of {_mm(middle)}, as all files have"
    depth, height, width = (middle * coarser).tolist()
    why = f"{coarser:.3g} times coarser than most, so that sides have {longest} voxels" if coarser > 1 else "the median"
    return (depth, height, width), f"voxels of {_mm(np.array([depth, height, width]))}: {why}"


def _mm(spacing: NDArray[Any]) -> str:
    return f"{' x '.join(f'{side:.3g}' for side in spacing.tolist())} mm"


def _range(files: Sequence[Path]) -> tuple[bool, dict[str, float]]:
    """Whether each volume goes by its own range, and the common one."""

    def look(file: Path) -> NDArray[np.float64] | None:
        try:
            voxels = read_nifti(file, str(file)).voxels.reshape(-1)
        except ImageError:  # told of when all are read
            return None
        found: NDArray[np.float64] = np.quantile(voxels[evenly(len(voxels), _VALUES)], [_OUTSIDE, 1 - _OUTSIDE])
        return found

    ends = np.array([found for found in map_in_threads(look, files, _READERS) if found is not None]).reshape(-1, 2)
    if not len(ends):
        return False, {"bits": 32, "low": 0.0, "high": 1.0}
    spans = ends[:, 1] - ends[:, 0]
    whole = {"bits": 32, "low": 0.0, "high": 1.0}
    if spans.max() > _UNLIKE * max(float(spans.min()), 1e-30):
        return True, whole
    low, high = float(np.median(ends[:, 0])), float(np.median(ends[:, 1]))
    return False, {**whole, "low": low, "high": high if high > low else low + 1}
