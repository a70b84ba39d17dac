"""Average precision as the Data Science Bowl of 2018 defined it, for cells and nuclei.

In an image, at a threshold, it is TP / (TP + FP + FN): found masks whose intersection over union with a true one is
above the threshold, each true one taken once, those that are not, and true ones that nobody found. No scores, no curve,
no classes: not the average precision of COCO. Over images and thresholds it is averaged.

Source: Caicedo et al., Nucleus segmentation across imaging experiments: the 2018 Data Science Bowl, 2019.
"""

import numpy as np
from numpy.typing import NDArray

from convsight.metrics.pixels.mask_pairs import Floats, MaskPairs

THRESHOLDS = np.linspace(0.5, 0.95, 10)


def science_bowl_precision(pairs: MaskPairs, thresholds: Floats = THRESHOLDS) -> Floats:
    """TP / (TP + FP + FN) of an image at each of the thresholds; NaN where nothing is true and nothing found.

    >>> one, other, none = np.array([0, 1]), np.array([0, 0]), np.array([], int)
    >>> science_bowl_precision(MaskPairs(one, other, np.array([7, 2]), np.array([8, 4]), np.array([10]))).tolist()
    [0.5, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    """
    masks = len(pairs.found_areas) + len(pairs.true_areas)
    if not masks:
        return np.full(len(thresholds), np.nan)
    overlaps = pairs.iou()
    right = np.array([_most_pairs(pairs.select(overlaps > threshold)) for threshold in thresholds], np.float64)
    return right / (masks - right)


def _most_pairs(pairs: MaskPairs) -> int:
    """How many pairs there are at most if each mask is in one of them.

    Masks that overlap none of their kind can only be in one pair above a half; others are matched.
    """
    if all(len(np.unique(each)) == len(each) for each in (pairs.found, pairs.true)):
        return len(pairs.found)
    from scipy.sparse import csr_array  # noqa: PLC0415 -- its import takes a while
    from scipy.sparse.csgraph import maximum_bipartite_matching  # noqa: PLC0415

    shape = len(pairs.found_areas), len(pairs.true_areas)
    ones: NDArray[np.int8] = np.ones(len(pairs.found), np.int8)
    partners = maximum_bipartite_matching(csr_array((ones, (pairs.found, pairs.true)), shape), perm_type="column")
    return int((partners >= 0).sum())
