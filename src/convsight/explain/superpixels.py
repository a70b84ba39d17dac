"""Superpixels: a picture cut into about so many regions of like colour, the same ones every time.

Source: Achanta et al., "SLIC Superpixels Compared to State-of-the-Art Superpixel Methods", TPAMI 2012.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

_COMPACTNESS = 10.0  # how many units of colour a step of the grid counts as much as
_ROUNDS = 10
_SRGB_TO_XYZ = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])  # of daylight, D65

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]


def superpixels(array: NDArray[Any], count: int) -> Labels:
    """The region (height, width) of each pixel of a picture (height, width, channels): about `count`, from 0 on.

    Each region is in one piece. They begin as a grid of squares and move to like colours for ten rounds; nothing is
    drawn by chance. RGB of 8 bits is compared in CIELAB, anything else by its range in this picture.
    """
    colours = _lab(array) if array.dtype == np.uint8 and array.shape[2] == 3 else _by_range(array)
    centres, step = _grid(colours, count)
    return _in_one_piece(_clustered(colours, centres, step))


def _grid(colours: Floats, count: int) -> tuple[Floats, float]:
    """Centres (regions, row + column + colours) in the middle of the squares of a grid, and their side."""
    height, width = colours.shape[:2]
    step = max(1.0, float(np.sqrt(height * width / count)))
    rows, columns = (
        (np.arange(many) + 0.5) * side / many - 0.5
        for side, many in ((side, max(1, round(side / step))) for side in (height, width))
    )
    places = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
    seen = np.rint(places).astype(np.int64)
    return np.concatenate([places, colours[seen[:, 0], seen[:, 1]]], axis=1), step


def _clustered(colours: Floats, centres: Floats, step: float) -> Labels:
    """Each pixel with the nearest of the centres whose surroundings of two steps it is in; k-means in short reach."""
    height, width = colours.shape[:2]
    places = np.moveaxis(np.indices((height, width), np.float64), 0, -1) * (_COMPACTNESS / step)
    points = np.concatenate([places, colours], axis=2)
    labels = np.zeros((height, width), np.int64)
    for _ in range(_ROUNDS):
        nearest = np.full((height, width), np.inf)
        for label, centre in enumerate(centres):
            rows, columns = (slice(max(0, int(at - 2 * step)), int(at + 2 * step) + 2) for at in centre[:2])
            scaled = np.concatenate([centre[:2] * (_COMPACTNESS / step), centre[2:]])
            distance = ((points[rows, columns] - scaled) ** 2).sum(axis=2)
            nearer = distance < nearest[rows, columns]
            nearest[rows, columns][nearer] = distance[nearer]
            labels[rows, columns][nearer] = label
        centres = _means(points, labels, centres, step)
    return labels


def _means(points: Floats, labels: Labels, centres: Floats, step: float) -> Floats:
    """The centres of the pixels of each label; where one has none, its last."""
    flat, count = labels.ravel(), len(centres)
    held = np.bincount(flat, minlength=count)
    sums = [np.bincount(flat, values.ravel(), minlength=count) for values in np.moveaxis(points, 2, 0)]
    means = np.stack(sums, axis=1) / np.maximum(held, 1)[:, None]
    means[:, :2] /= _COMPACTNESS / step
    return np.where(held[:, None] > 0, means, centres)


def _in_one_piece(labels: Labels) -> Labels:
    """The same with only the largest piece of each label; its others go to labels that touch them."""
    kept = np.full(labels.shape, -1, np.int64)
    for label in range(labels.max() + 1):
        pieces, count = ndimage.label(labels == label)
        if count:
            largest = int(np.bincount(pieces.ravel())[1:].argmax()) + 1
            kept[pieces == largest] = label
    while (kept < 0).any():
        # From all sides at once, a pixel a round, so that every label stays in one piece.
        around = np.pad(kept, 1, constant_values=-1)
        touching = np.stack([around[:-2, 1:-1], around[2:, 1:-1], around[1:-1, :-2], around[1:-1, 2:]]).max(axis=0)
        kept = np.where(kept < 0, touching, kept)
    return np.unique(kept, return_inverse=True)[1].reshape(labels.shape).astype(np.int64)


def _lab(array: NDArray[np.uint8]) -> Floats:
    """CIELAB (height, width, 3) of sRGB."""
    shares = array.astype(np.float64) / 255
    linear = np.where(shares > 0.04045, ((shares + 0.055) / 1.055) ** 2.4, shares / 12.92)
    found = linear @ _SRGB_TO_XYZ.T / _WHITE
    x, y, z = np.moveaxis(np.where(found > 0.008856, np.cbrt(found), 7.787 * found + 16 / 116), 2, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=2)


def _by_range(array: NDArray[Any]) -> Floats:
    """Every channel from 0 to 100 over its range, as lightness is in CIELAB."""
    values = array.astype(np.float64)
    low, high = values.min(axis=(0, 1)), values.max(axis=(0, 1))
    found: Floats = (values - low) / np.where(high > low, high - low, 1) * 100
    return found
