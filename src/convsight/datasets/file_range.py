"""The range of the values in image files of more than 8 bits: one for a whole data set."""

import numpy as np

from convsight.datasets.dataset import Images
from convsight.datasets.threads import map_in_threads
from convsight.images import ValueRange, fitting_range, is_deep_file, value_extent
from convsight.spread import evenly

_HEADERS = 200  # images looked at for whether there are such files at all
_MEASURED = 1000  # images whose values decide
_READERS = 4  # threads


def measured_file_range(images: Images) -> ValueRange | None:
    """The values that become black and white of those `images` that are files of more than 8 bits.

    Measured on up to 1,000 of them, evenly chosen. None where 200 of them, evenly chosen, have 8 bits.
    """
    if isinstance(images, np.ndarray):
        return None
    looked_at = [images[row] for row in evenly(len(images), _HEADERS)]
    if not any(map_in_threads(is_deep_file, looked_at, _READERS)):
        return None
    measured = [images[row] for row in evenly(len(images), _MEASURED)]
    extents = [extent for extent in map_in_threads(value_extent, measured, _READERS) if extent]
    return fitting_range(extents)
