"""Volumes at another spacing of their voxels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Spacing = tuple[float, float, float]  # mm along depth, height and width

_SAME = 0.01  # of a spacing: differences that files round


def resampled(voxels: NDArray[Any], own: Spacing, wanted: Spacing) -> NDArray[Any]:
    """`voxels` (depth, height, width) with a spacing of `own` mm at `wanted` mm, linear between voxels.

    A volume that has the wanted spacing but for a hundredth is left as it is. Where voxels become larger, they are
    means of what lies in them, since what is linear alone would look at single voxels.

    >>> resampled(np.arange(4.0).reshape(1, 1, 4), (1, 1, 1), (1, 1, 2)).tolist()
    [[[0.5, 2.5]]]
    """
    factors = [mine / other for mine, other in zip(own, wanted, strict=True)]
    if all(abs(factor - 1) <= _SAME for factor in factors):
        return voxels
    shape = resampled_shape(voxels.shape, own, wanted)
    values = voxels.astype(np.float32)
    for axis, (new, old) in enumerate(zip(shape, voxels.shape, strict=True)):
        if new < old:
            values = ndimage.uniform_filter1d(values, max(1, round(old / new)), axis=axis, mode="nearest", origin=0)
    zoom = [new / old for new, old in zip(shape, voxels.shape, strict=True)]
    found: NDArray[Any] = ndimage.zoom(values, zoom, order=1, mode="nearest", grid_mode=True)
    return found


def nearest_of_shape(voxels: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """`voxels` at other sides, of which each takes the nearest: for masks.

    >>> nearest_of_shape(np.array([[[1, 2]]]), (1, 1, 4)).tolist()
    [[[1, 1, 2, 2]]]
    """
    places = [
        ((np.arange(new) + 0.5) * old / new).astype(np.int64) for new, old in zip(shape, voxels.shape, strict=True)
    ]
    return voxels[np.ix_(*places)]


def resampled_shape(shape: tuple[int, ...], own: Spacing, wanted: Spacing) -> tuple[int, ...]:
    """The sides of a volume at another spacing.

    >>> resampled_shape((10, 20, 30), (2, 1, 1), (1, 1, 1.5))
    (20, 20, 20)
    """
    return tuple(max(1, round(side * mine / other)) for side, mine, other in zip(shape, own, wanted, strict=True))
