"""Pixels as the features of a linear model: what a network must beat."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.datasets import ImageStore

_LONGEST_SIDE_PX = 32
_MAX_COEFFICIENTS = 320_000  # keeps a fit within about ten seconds of two cores, however many outputs there are
_IMAGES_AT_A_TIME = 500
_SLABS = 8  # of a volume


def pixel_features(
    train: NDArray[Any], test: NDArray[Any], outputs: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The pixels of both, averaged down to at most 32 px a side, less for very many `outputs`: (images, features).

    Shapes: `train` and `test` are (images, height, width, channels), all of one height and width. Where all of both
    are grey, one channel is left.
    """
    side_px = _side_px(outputs)
    train, test = _shrunk(train, side_px), _shrunk(test, side_px)
    if _is_grey(train) and _is_grey(test):
        train, test = train[..., :1], test[..., :1]
    return _pixels(train), _pixels(test)


def shrunk_images(images: ImageStore, positions: NDArray[np.int64], outputs: int) -> NDArray[Any]:
    """The images at `positions` in the size that `pixel_features` works on, a few large ones in memory at a time."""
    side_px = _side_px(outputs, images.spec.array_shape[-1])
    parts = np.array_split(positions, -(-len(positions) // _IMAGES_AT_A_TIME))
    return np.concatenate([_shrunk(_levels(images, part), side_px) for part in parts])


def _levels(images: ImageStore, positions: NDArray[np.int64]) -> NDArray[Any]:
    """The images at `positions`: RGB as they are, others as floats of which 255 is the upper end of their range."""
    taken, spec = images.take(positions), images.spec
    if taken.ndim == 5:
        return _slabs(spec.scaled(taken) * 255)
    if taken.dtype == np.uint8 and taken.shape[3] == 3:
        return taken
    return np.moveaxis(spec.scaled(taken) * 255, 1, 3).astype(np.float32)


def _slabs(volumes: NDArray[Any]) -> NDArray[np.float32]:
    """Volumes (count, channels, depth, height, width) as images whose channels are means of a few slabs of slices."""
    slabs = np.array_split(volumes, min(_SLABS, volumes.shape[2]), axis=2)
    planes = np.concatenate([slab.mean(axis=2) for slab in slabs], axis=1)
    return np.moveaxis(planes, 1, 3).astype(np.float32)


def _side_px(outputs: int, channels: int = 3) -> int:
    side = _LONGEST_SIDE_PX
    while side > 4 and side * side * channels * outputs > _MAX_COEFFICIENTS:
        side //= 2
    return side


def _shrunk(images: NDArray[Any], longest_px: int) -> NDArray[Any]:
    """The images with the longer side averaged down to `longest_px`, or as they are."""
    height, width = images.shape[1:3]
    if max(height, width) <= longest_px:
        return images
    scale = longest_px / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if images.dtype == np.uint8:
        return np.stack([_averaged(image, size) for image in images])
    planes = [np.stack([_averaged(plane, size) for plane in np.moveaxis(image, 2, 0)], 2) for image in images]
    return np.stack(planes)


def _averaged(image: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    return np.asarray(Image.fromarray(np.ascontiguousarray(image)).resize(size, Image.Resampling.BOX))


def _is_grey(images: NDArray[Any]) -> bool:
    """Whether red, green and blue are the same, so that one of them holds all there is to learn."""
    return all(bool((chunk == chunk[..., :1]).all()) for chunk in _chunks(images))


def _chunks(images: NDArray[Any]) -> Iterator[NDArray[Any]]:
    for start in range(0, len(images), _IMAGES_AT_A_TIME):
        yield images[start : start + _IMAGES_AT_A_TIME]


def _pixels(images: NDArray[Any]) -> NDArray[np.float32]:
    """(images, height, width, channels) to (images, features), 0..1."""
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
