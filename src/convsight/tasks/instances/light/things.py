"""What flooded things are: their classes, and how sure a network is of each."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from convsight.inputs import InputGeometry
from convsight.results.masks import Mask, masks_of_ids
from convsight.tasks.grid import on_grid

Floats = NDArray[np.floating[Any]]


class Things(NamedTuple):
    """Things of one image in its own px: `xyxy` (things, 4), `labels` and `scores` (things,), the pixels of each."""

    xyxy: Floats
    labels: NDArray[np.int64]
    scores: Floats
    masks: list[Mask]


def things_of(
    ids: NDArray[np.integer[Any]], foreground: Floats, depths: Floats, classes: Floats, geometry: InputGeometry
) -> Things:
    """The things of a map `ids` (height, width) of an original, which came to a network by `geometry`.

    `foreground` and `depths` are the original's, `classes` (classes, rows, columns) the probabilities of each class on
    the grid of the network. A thing's class is the most probable one in the mean of its cells. Its score is the mean
    probability that its pixels are of a thing, times the largest depth, times the share that its class has among all.
    """
    count = int(ids.max(initial=0))
    numbers = np.arange(1, count + 1)
    masks = masks_of_ids(ids)
    if not count:
        return Things(np.zeros((0, 4)), np.zeros(0, np.int64), np.zeros(0), masks)
    shares = _class_shares(ids, classes, geometry, count)
    sure = ndimage.mean(foreground, ids, numbers) * ndimage.maximum(depths, ids, numbers)
    scores = np.clip(sure * shares.max(axis=1), 0, 1)
    return Things(np.array([mask.xyxy for mask in masks], np.float64), shares.argmax(axis=1), scores, masks)


def _class_shares(ids: NDArray[Any], classes: Floats, geometry: InputGeometry, count: int) -> Floats:
    """Of each thing the share of each class in what is of any: (things, classes)."""
    if len(classes) == 1:
        return np.ones((count, 1))
    seen = on_grid(geometry.mask(ids), *classes.shape[1:])
    sums = np.stack([np.bincount(seen.ravel(), each.ravel(), count + 1)[1:] for each in classes], axis=1)
    lost = np.flatnonzero(sums.sum(axis=1) <= 0)  # so thin that no cell is its own: what its middle says
    if len(lost):
        middles = np.array([[*centre[::-1]] for centre in ndimage.center_of_mass(ids > 0, ids, lost + 1)]) + 0.5
        rows, columns = classes.shape[1:]
        cells = geometry.points(middles) / geometry.sides * [columns, rows]
        x, y = cells.astype(np.int64).T
        sums[lost] = classes[:, y.clip(0, rows - 1), x.clip(0, columns - 1)].T + np.finfo(np.float32).tiny
    found: Floats = sums / sums.sum(axis=1, keepdims=True)
    return found
