"""From maps of pixels to things: the cores of things are markers, from which the foreground is flooded.

What a network predicts of every pixel is how deep it lies in its thing, from nearly 0 at the rim to 1 at the deepest
place, whatever the thing's size: so touching things are two cores with a valley between them.

The flooding is a watershed cut: a minimum spanning forest of the pixels that is rooted in the markers. Cousty et al.,
"Watershed Cuts: Minimum Spanning Forests and the Drop of Water Principle", 2009. (scipy's `watershed_ift` looks at
differences between neighbours, not at heights: between two cores of even slopes it stops anywhere.)
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

Floats = NDArray[np.float32]
Ids = NDArray[np.int32]

FOREGROUND = 0.5  # probability from which a pixel is of a thing
# What edges of the graph weigh: those to the root least, then those within a marker, then by heights, from 1 on.
_TO_ROOT, _WITHIN, _LOWEST = 0.25, 0.5, 1.0
_TIE = 1e-3  # of the deeper end's depth


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
    found = np.zeros(inside.shape, np.int32)
    if markers.any():
        found[inside] = _rooted(markers, inside, depths.astype(np.float64).clip(0, 1))
    return found


def _rooted(markers: Ids, inside: NDArray[np.bool_], depths: NDArray[np.float64]) -> Ids:
    """The marker at the root of each pixel's tree in a minimum spanning forest: (pixels inside,)."""
    count = int(inside.sum())
    places = np.full(inside.shape, -1, np.int64)
    places[inside] = np.arange(count)
    own = markers[inside]
    numbers, firsts = np.unique(own, return_index=True)
    seeds = firsts[numbers > 0]  # a pixel of each marker
    ends, others, weights = [np.full(len(seeds), count)], [seeds], [np.full(len(seeds), _TO_ROOT)]
    for here, there in (
        ((slice(1, None), ...), (slice(None, -1), ...)),
        ((..., slice(1, None)), (..., slice(None, -1))),
    ):
        both = inside[here] & inside[there]
        alike = (markers[here] == markers[there])[both] & (markers[here][both] > 0)
        one, two = depths[here][both], depths[there][both]
        # Of edges as high, that into deeper ground comes first: rims, which are even, join the things that they are of.
        heights = 1 - np.minimum(one, two) - _TIE * np.maximum(one, two)
        ends.append(places[here][both])
        others.append(places[there][both])
        weights.append(np.where(alike, _WITHIN, _LOWEST + _TIE + heights))
    edges = (np.concatenate(ends), np.concatenate(others))
    graph = csr_array((np.concatenate(weights), edges), shape=(count + 1, count + 1))
    trees = connected_components(minimum_spanning_tree(graph)[:count, :count], directed=False)[1]
    number_of = np.zeros(trees.max() + 1, np.int32)
    number_of[trees[seeds]] = own[seeds]
    found: Ids = number_of[trees]
    return found


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
