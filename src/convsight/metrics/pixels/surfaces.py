"""How far the surface of what was found lies from that of what is true, in the unit of the spacing.

Sources: Huttenlocher et al., Comparing Images Using the Hausdorff Distance, 1993, of which the 95th percentile is less
at the mercy of one pixel; Heimann et al., Comparison and Evaluation of Methods for Liver Segmentation from CT Datasets,
2009 (average symmetric surface distance).
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.metrics.pixels.confusion import Maps

Floats = NDArray[np.floating[Any]]
Flags = NDArray[np.bool_]

_PERCENTILE = 95


class SurfaceDistances(NamedTuple):
    """Distances of surfaces; NaN where neither is there.

    `hausdorff95` is the larger of two 95th percentiles: of the distances of each surface to the other. `mean` is the
    mean of all of these distances.
    """

    hausdorff95: float
    mean: float


def surface_distances(truth: Flags, found: Flags, spacing: Sequence[float] | Floats | None = None) -> SurfaceDistances:
    """Distances between the surfaces of two masks of one shape, of a picture or a volume.

    `spacing` are the sides of a pixel or voxel along each axis, such as millimetres; 1 unless given. The surface is
    each pixel of a mask beside one that is not of it, and those at the edge of the picture; distances are from centre
    to centre. Where one of the two is empty, nothing can be measured: the picture's diagonal, the largest distance
    there could be, is told for both numbers. Where both are, they are NaN, and nobody's fault.

    >>> truth, found = np.zeros((5, 9), bool), np.zeros((5, 9), bool)
    >>> truth[1:4, 1:4], found[1:4, 1:6] = True, True
    >>> surface_distances(truth, found, (1, 0.5))
    SurfaceDistances(hausdorff95=1.0, mean=0.25)
    >>> round(surface_distances(truth, np.zeros((5, 9), bool), (1, 0.5)).mean, 4)
    6.7268
    """
    sides = np.ones(truth.ndim) if spacing is None else np.asarray(spacing, np.float64)
    if sides.shape != (truth.ndim,):
        raise ValueError(f"a mask of {truth.ndim} axes needs as many sides of a voxel, not {len(sides)}")
    one, other = (_surface(each) * sides for each in (truth, found))
    if not len(one) and not len(other):
        return SurfaceDistances(math.nan, math.nan)
    if not len(one) or not len(other):
        return SurfaceDistances(*[diagonal(truth.shape, sides)] * 2)
    from scipy.spatial import cKDTree  # noqa: PLC0415 -- its import takes a while

    there, back = cKDTree(other).query(one)[0], cKDTree(one).query(other)[0]
    largest = max(np.percentile(there, _PERCENTILE), np.percentile(back, _PERCENTILE))
    return SurfaceDistances(float(largest), float(np.concatenate([there, back]).mean()))


def surface_distances_by_class(
    truth: Maps,
    found: Maps,
    classes: int,
    ignore_index: int | None = None,
    spacing: Sequence[float] | None = None,
) -> Floats:
    """`surface_distances` of each class of two maps of class indices: (classes, 2), 95 % Hausdorff and mean.

    What is ignored in the truth is of no mask. Raises `ValueError` for maps of two shapes.
    """
    from scipy.ndimage import find_objects  # noqa: PLC0415 -- its import takes a while

    if truth.shape != found.shape:
        raise ValueError(f"a map of shape {found.shape} cannot be judged by a truth of shape {truth.shape}")
    if ignore_index is not None:
        found = np.where(truth == ignore_index, truth, found)
    sides = np.ones(truth.ndim) if spacing is None else np.asarray(spacing, np.float64)
    whole = diagonal(truth.shape, sides)
    distances = np.full((classes, 2), np.nan)
    boxes = [find_objects(np.where(each < classes, each.astype(np.int64) + 1, 0), classes) for each in (truth, found)]
    for index, (one, other) in enumerate(zip(*boxes, strict=True)):
        if one is not None and other is not None:
            window = tuple(_around(a, b, side) for a, b, side in zip(one, other, truth.shape, strict=True))
            distances[index] = surface_distances(truth[window] == index, found[window] == index, sides)
        elif one is not None or other is not None:
            distances[index] = whole
    return distances


def diagonal(shape: Sequence[int], spacing: Sequence[float] | Floats) -> float:
    """From corner to corner of a picture: the largest distance there could be."""
    return math.sqrt(sum((side * step) ** 2 for side, step in zip(shape, spacing, strict=True)))


def _surface(mask: Flags) -> Floats:
    """The places of the pixels of a mask beside one that is not of it: (pixels, axes)."""
    inner = mask.copy()
    for axis in range(mask.ndim):
        turned, whole = np.moveaxis(inner, axis, 0), np.moveaxis(mask, axis, 0)
        turned[1:] &= whole[:-1]
        turned[:-1] &= whole[1:]
        turned[0], turned[-1] = False, False
    return np.argwhere(mask & ~inner).astype(np.float64)


def _around(one: slice, other: slice, side: int) -> slice:
    """Both ranges, and a pixel more at each end where there is one: the edge of a crop is none of the picture."""
    return slice(max(0, min(one.start, other.start) - 1), min(side, max(one.stop, other.stop) + 1))
