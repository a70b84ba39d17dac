"""F1 of found shapes as SpaceNet counts it: each takes, in the order given, the true one it overlaps most.

Source: Van Etten et al., SpaceNet: A Remote Sensing Dataset and Challenge Series, 2018, section 3: a shape is right
where its intersection over union with the best of the true ones that are left is above 0.5.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.metrics.pixels.polygons import Ring, polygon_areas, polygon_overlaps

Polygon = Sequence[Ring]

THRESHOLD = 0.5
SMALLEST = 20.0  # square pixels; SpaceNet's challenges leave smaller buildings out


class Found(NamedTuple):
    """How many of the found shapes are right and how many wrong, and how many true ones were missed."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        """The share of the found shapes that is right; 0 where there are none."""
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """The share of the true shapes that was found; 0 where there are none."""
        return self.right / max(1, self.right + self.missed)

    @property
    def f1(self) -> float:
        """Twice the right ones among all, found and true; 0 where there are none."""
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)


def pooled(images: Sequence[Found]) -> Found:
    """Those of all images together."""
    return Found(*(sum(each) for each in zip(*images, strict=True))) if images else Found(0, 0, 0)


def spacenet_found(
    found: Sequence[Polygon], true: Sequence[Polygon], smallest: float = SMALLEST, threshold: float = THRESHOLD
) -> Found:
    """What the polygons found in one image come to by those that are true, as SpaceNet's buildings are judged.

    Polygons under `smallest` are left out of both, in the square of the unit of their corners.

    >>> square = np.array([[0.0, 0], [6, 0], [6, 6], [0, 6]])
    >>> spacenet_found([[square + 1], [square / 2]], [[square], [square + 9]])
    Found(right=1, wrong=0, missed=1)
    """
    large, others = (
        [polygon for polygon, area in zip(some, polygon_areas(some), strict=True) if area >= smallest]
        for some in (found, true)
    )
    return taken_in_turn(polygon_overlaps(large, others), threshold)


def taken_in_turn(overlaps: NDArray[np.float64], threshold: float = THRESHOLD) -> Found:
    """What `overlaps` (found, true), intersections over unions of the shapes of one image, come to.

    SpaceNet takes shapes in the order of its file; who has scores sorts them first.

    >>> taken_in_turn(np.array([[0.8, 0.6], [0.9, 0.0]]))
    Found(right=1, wrong=1, missed=1)
    """
    left = overlaps.copy()
    right = 0
    for row in range(len(left)):
        best = int(left[row].argmax()) if left.shape[1] else 0
        if left.shape[1] and left[row, best] > threshold:
            left[:, best] = -1
            right += 1
    return Found(right, len(left) - right, left.shape[1] - right)
