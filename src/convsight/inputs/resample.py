"""Volumes at another spacing of their voxels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Spacing = tuple[float, float, float]  # mm along depth, height and width

_SAME = 0.01  # of a spacing: differences that files round


def resampled(voxels: NDArray[Any], own: Spacing, wanted: Spacing) -> NDArray[Any]:
    """`voxels` (depth, height, width) with a spacing of `own` mm at `wanted` mm: linear, antialiased as images are.

    A volume that has the wanted spacing but for a hundredth is left as it is.

    >>> resampled(np.arange(8.0).reshape(1, 1, 8), (1, 1, 1), (1, 1, 2))[0, 0, 1:3].tolist()
    [2.5, 4.5]
    """
    if all(abs(mine / other - 1) <= _SAME for mine, other in zip(own, wanted, strict=True)):
        return voxels
    found = voxels.astype(np.float32)
    for axis, side in enumerate(resampled_shape(voxels.shape, own, wanted)):
        if side != found.shape[axis]:
            found = np.moveaxis(np.tensordot(_triangles(found.shape[axis], side), found, (1, axis)), 0, axis)
    return np.ascontiguousarray(found)


def _triangles(side: int, made: int) -> NDArray[np.float32]:
    """How much each of `side` places counts for each of `made`: a triangle around its centre, as Pillow's bilinear."""
    scale = side / made
    centres = (np.arange(made)[:, None] + 0.5) * scale
    distances = np.abs(np.arange(side)[None] + 0.5 - centres) / max(scale, 1.0)
    weights = np.clip(1 - distances, 0, None)
    shares: NDArray[np.float32] = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


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
