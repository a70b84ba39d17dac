"""From maps of pixels to things: the cores of things are markers, from which the foreground is flooded.

Meyer, "Topographic Watershed", 1994; the flooding is scipy's, after Falcao, Stolfi and Lotufo, "The image foresting
transform", 2004. What a network predicts of every pixel is how deep it lies in its thing, from nearly 0 at the rim to 1
at the deepest place, whatever the thing's size: so touching things are two cores with a valley between them.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float32]
Ids = NDArray[np.int32]

FOREGROUND = 0.5  # probability from which a pixel is of a thing
_LEVELS = 1000  # of depth: whole numbers are what is flooded
_AROUND = np.ones((3, 3), np.int8)  # the eight neighbours


def flooded(foreground: Floats, depths: Floats, marker: float) -> Ids:
    """The number of the thing, from 1, that each pixel (height, width) belongs to, 0 for none.

    `foreground` are probabilities of being of any thing, `depths` are 0..1. A core is a connected region of the
    foreground with depths from `marker` on; what is foreground without a core is a thing by itself.

    >>> depths = np.array([[0.2, 0.9, 0.2, 0.1, 0.3, 0.8, 0.0]], np.float32)
    >>> flooded((depths > 0).astype(np.float32), depths, 0.5).tolist()
    [[1, 1, 1, 2, 2, 2, 0]]
    """
    inside = foreground >= FOREGROUND
    cores, count = ndimage.label(inside & (depths >= marker))
    regions, several = ndimage.label(inside)
    without = np.ones(several + 1, np.bool_)
    without[regions[cores > 0]] = False
    without[0] = False
    # Each region without a core gets a number of its own.
    numbers = np.cumsum(without) + count
    markers = np.where(without[regions], numbers[regions], cores).astype(np.int32)
    if not markers.any():
        return markers
    heights = np.rint((1 - depths.clip(0, 1)) * _LEVELS).astype(np.uint16)
    heights[~inside] = np.iinfo(np.uint16).max
    markers[~inside] = -1  # a sea of its own, which nothing is flooded from
    found: Ids = ndimage.watershed_ift(heights, markers, structure=_AROUND).astype(np.int32)
    found[~inside] = 0
    return np.maximum(found, 0)


def depth_in_things(ids: NDArray[np.integer]) -> Floats:
    """How deep each pixel (height, width) lies in its thing: its distance to the rim as a share of the largest there.

    `ids` holds the number of each pixel's thing, from 1, 0 for none, where the depth is 0.

    >>> depth_in_things(np.array([[0, 1, 1, 1, 2]])).tolist()
    [[0.0, 1.0, 1.0, 1.0, 1.0]]
    """
    found = np.zeros(ids.shape, np.float32)
    for number, place in enumerate(ndimage.find_objects(ids), start=1):
        if place is None:
            continue
        own = ids[place] == number
        distances = ndimage.distance_transform_edt(np.pad(own, 1))[1:-1, 1:-1]
        found[place][own] = distances[own] / distances.max()
    return found
