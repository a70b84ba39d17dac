"""Masks of a class as things, as scikit-image's users write it: `watershed.py MASKS OUT`, both `.npy`.

MASKS (images, height, width) are 1 where there is a thing. Markers are the peaks of the distance to the background, at
least 5 px apart; from them the negative distance is flooded. OUT becomes the numbers of things, 0 for none.
"""

import sys

import numpy as np
from scipy import ndimage
from skimage.feature import peak_local_max
from skimage.segmentation import watershed

masks = np.load(sys.argv[1]) == 1
found = np.zeros(masks.shape, np.int32)
for mask, things in zip(masks, found, strict=True):
    distances = ndimage.distance_transform_edt(mask)
    peaks = peak_local_max(distances, min_distance=5, labels=ndimage.label(mask)[0])
    markers = np.zeros(mask.shape, np.int32)
    markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    things[:] = watershed(-distances, markers, mask=mask)
np.save(sys.argv[2], found)
