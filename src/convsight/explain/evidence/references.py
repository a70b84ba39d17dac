"""Maps that know nothing of the network, and look at what photographs show all the same: what chance is here.

An order by chance is a straw man: most things stand in the middle, and where there are edges there is something.
"""

import numpy as np
from numpy.typing import NDArray

from convsight.explain.evidence.cells import Cells
from convsight.explain.subject import Subject

OTHER, BLOB, EDGES = "another picture", "centre blob", "edges"
# Another picture's map of the same method, a blob in the middle, an edge filter.
REFERENCES = (OTHER, BLOB, EDGES)

_SPREAD = 1 / 4  # of the blob, a Gaussian's standard deviation as a share of each side


def centre_blob(cells: Cells) -> NDArray[np.float64]:
    """A Gaussian in the middle, (rows, columns) of the cells."""
    down, right = (np.exp(-((((np.arange(count) + 0.5) / count - 0.5) / _SPREAD) ** 2) / 2) for count in cells.grid)
    found: NDArray[np.float64] = down[:, None] * right
    return found


def edges(subject: Subject) -> NDArray[np.float64]:
    """How fast the lightness changes at each pixel (height, width): the magnitude of Sobel's two differences.

    Lightness is the mean of the channels, each as a share of its range; edges of the picture are repeated outwards.
    """
    lightness = np.pad(subject.array.astype(np.float64).mean(axis=2), 1, mode="edge")
    return np.hypot(_sobel(lightness), _sobel(lightness.T).T)


def _sobel(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Differences along rows, smoothed across them by 1 2 1."""
    smooth = values[:-2] + 2 * values[1:-1] + values[2:]
    found: NDArray[np.float64] = smooth[:, 2:] - smooth[:, :-2]
    return found
