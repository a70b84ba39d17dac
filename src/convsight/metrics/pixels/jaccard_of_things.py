"""The aggregated Jaccard index of things: one number for how well they are found, told apart and outlined.

Source: Kumar et al., A Dataset and a Technique for Generalized Nuclear Segmentation for Computational Pathology, 2017,
algorithm 1.
"""

import math

import numpy as np

from convsight.metrics.pixels.mask_pairs import MaskPairs


def aggregated_jaccard(pairs: MaskPairs) -> float:
    """The index of an image; NaN where nothing is true and nothing found.

    Each true mask is held against the found one with the best intersection over union, which several may share. Their
    intersections are summed over their unions, to which true masks that nothing meets and found masks that no true one
    chose add their whole areas.

    >>> one = np.array([0])
    >>> aggregated_jaccard(MaskPairs(one, one, np.array([6]), np.array([8, 5]), np.array([10, 3])))
    0.3
    """
    if not len(pairs.found_areas) and not len(pairs.true_areas):
        return math.nan
    # The best of each true mask last, of equally good ones the first found.
    order = np.lexsort((-pairs.found, pairs.iou(), pairs.true))
    last = order[np.flatnonzero(np.diff(pairs.true[order], append=-1))]
    shared = pairs.shared[last].sum()
    met = pairs.found_areas[pairs.found[last]].sum() + pairs.true_areas[pairs.true[last]].sum() - shared
    lonely = np.delete(pairs.true_areas, pairs.true[last]).sum() + np.delete(pairs.found_areas, pairs.found[last]).sum()
    whole = int(met + lonely)
    return float(shared) / whole if whole else math.nan
