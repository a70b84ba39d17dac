"""What the volumes of a data set are like: their sides, the spacing of their voxels, the range of their values."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.dataset import Images
from convsight.datasets.threads import map_in_threads
from convsight.images import ImageError
from convsight.inputs import measured_range
from convsight.inputs.resample import Spacing, resampled_shape
from convsight.inputs.volume_file import FileSides, is_volume_file, read_volume, volume_sides
from convsight.spread import evenly

_MEASURED = 100  # volumes whose values decide
_VALUES = 50_000  # of each
_READERS = 4  # threads
_MOST = 100.0  # millions of voxels
_UNTOLD = (1.0, 1.0, 1.0)  # mm, of files that do not tell their spacing
_OUTSIDE = 0.005  # of the values lie below the range, and above it
_UNLIKE = 2.0  # times: scanners without a unit; volumes of one unit have their 99.5 percentiles closer together
SAME_SPACING = 0.01  # of a spacing: differences that files round
_STEP = 8  # voxels: sides are multiples, so that networks may halve three times


class VolumesFound(NamedTuple):
    """Sides (depth, height, width) that hold most volumes, and what `VolumeInput` takes of the rest."""

    sides: tuple[int, int, int]
    spacing: Spacing | None
    own_range: bool
    range: dict[str, float]
    words: str


def are_volumes(images: Images) -> bool:
    """Whether `images` are volumes: NIfTI files, stacks, or arrays of four axes with three equal sides, or of five."""
    if isinstance(images, np.ndarray):
        is_cube = images.ndim == 4 and len(set(images.shape[1:])) == 1 and images.shape[1] > 4
        return images.ndim == 5 or is_cube
    first = images[0] if len(images) else None
    return isinstance(first, Path) and is_volume_file(first)


def measured_volumes(images: Images, longest: int | None) -> VolumesFound:
    """What the volumes in `images` are like, none of whose sides shall be over `longest` voxels; None: as they are.

    Raises `ValueError` where no header can be read.
    """
    if isinstance(images, np.ndarray):
        depth, height, width = images.shape[1:4]
        sides = depth, height, width
        return VolumesFound(sides, None, False, dict(measured_range(images)), "as the data has")
    files = list(images)
    headers = [found for found in map_in_threads(volume_sides, files, _READERS) if found]
    if not headers:
        raise ValueError("no header")
    spacing, words = (None, _as_they_are(headers)) if longest is None else _spacing(headers, longest)
    shapes = np.array([_shape(each, spacing) for each in headers])
    most = np.minimum(shapes.max(axis=0), np.ceil(1.5 * np.median(shapes, axis=0))).astype(int).tolist()
    depth, height, width = (-(-side // _STEP) * _STEP for side in most)
    own, found = _range([files[row] for row in evenly(len(files), _MEASURED)])
    return VolumesFound((depth, height, width), spacing, own, found, words)


def _shape(file: FileSides, spacing: Spacing | None) -> tuple[int, ...]:
    """The sides of a volume as it is read: one that does not tell its spacing is not resampled."""
    return resampled_shape(file.shape, file.spacing, spacing) if file.spacing and spacing else file.shape


def _as_they_are(files: Sequence[FileSides]) -> str:
    """In words that volumes keep their voxels, and how far these differ."""
    known = np.array([each.spacing for each in files if each.spacing]).reshape(-1, 3)
    words = "voxels as the files have them"
    if not len(known) or (np.ptp(known, axis=0) <= SAME_SPACING * known.min(axis=0)).all():
        return words
    return f"{words}, from {in_mm(known.min(axis=0))} to {in_mm(known.max(axis=0))}: none is resampled for masks"


def _spacing(headers: Sequence[FileSides], longest: int) -> tuple[Spacing | None, str]:
    """The spacing that files are resampled to, None where they keep theirs, and why."""
    spacings = np.array([header.spacing or _UNTOLD for header in headers])
    middle = np.median(spacings, axis=0)
    shapes = np.array([_shape(header, tuple(middle)) for header in headers])
    coarser = max(1.0, float(np.quantile(shapes.max(axis=1), 0.9)) / longest)
    if coarser == 1 and (np.abs(spacings / middle - 1) <= SAME_SPACING).all():
        return None, f"voxels of {in_mm(middle)}, as all files have"
    depth, height, width = (middle * coarser).tolist()
    why = f"{coarser:.3g} times coarser than most, so that sides have {longest} voxels" if coarser > 1 else "the median"
    return (depth, height, width), f"voxels of {in_mm((depth, height, width))}: {why}"


def in_mm(spacing: Iterable[float]) -> str:
    """A spacing in words.

    >>> in_mm((2, 0.75, 0.75))
    '2 x 0.75 x 0.75 mm'
    """
    return f"{' x '.join(f'{side:.3g}' for side in spacing)} mm"


def _range(files: Sequence[Path]) -> tuple[bool, dict[str, float]]:
    """Whether each volume goes by its own range, and the common one."""

    def look(file: Path) -> NDArray[np.float64] | None:
        try:
            found = read_volume(file, str(file), _MOST)
        except ImageError:  # told of when all are read
            return None
        if found is None:
            return None
        voxels = found.voxels.reshape(-1)
        ends: NDArray[np.float64] = np.quantile(voxels[evenly(len(voxels), _VALUES)], [_OUTSIDE, 1 - _OUTSIDE])
        return ends

    ends = np.array([found for found in map_in_threads(look, files, _READERS) if found is not None]).reshape(-1, 2)
    if not len(ends):
        return False, {"bits": 32, "low": 0.0, "high": 1.0}
    spans = ends[:, 1] - ends[:, 0]
    whole = {"bits": 32, "low": 0.0, "high": 1.0}
    if spans.max() > _UNLIKE * max(float(spans.min()), 1e-30):
        return True, whole
    low, high = float(np.median(ends[:, 0])), float(np.median(ends[:, 1]))
    return False, {**whole, "low": low, "high": high if high > low else low + 1}
