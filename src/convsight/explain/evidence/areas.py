"""Deletion and insertion: the answer while cells are hidden, or shown, in the order of a map, the largest first.

A map that says what matters lowers the answer fast where its first cells are hidden, and raises it fast where they are
the first that are shown. Source: Petsiuk, Das and Saenko, "RISE: Randomized Input Sampling for Explanation of
Black-box Models", BMVC 2018.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.explain.evidence.cells import Cells
from convsight.explain.evidence.filled import Filled

STEPS = 28

Floats = NDArray[np.float64]


class Curves(NamedTuple):
    """The answer by the share (points,) of the picture that was hidden, or shown: `deletion` and `insertion`."""

    shares: Floats
    deletion: Floats
    insertion: Floats

    @property
    def areas(self) -> "Areas":
        """The areas under both, by trapezoids."""
        return Areas(*(float(np.trapezoid(curve, self.shares)) for curve in (self.deletion, self.insertion)))


class Areas(NamedTuple):
    """Areas under the curves of deletion and insertion; both are means of the answer, and in its unit."""

    deletion: float
    insertion: float

    @property
    def e(self) -> float:
        """E, the insertion area less the deletion area: 1 at best, about 0 where an order says nothing."""
        return self.insertion - self.deletion


def curves(filled: Filled, cells: Cells, order: NDArray[np.int64], steps: int = STEPS) -> Curves:
    """What is answered while the `cells` of a picture are hidden, and shown, in `order`, in so many steps.

    Both begin with nothing changed and end with everything, so that there is a point more than steps; a step that
    cannot have its even number of cells is the last one. The network is asked twice for each point but the two ends.
    """
    counts = _counts(len(order), steps)
    shares = np.concatenate([[0.0], np.cumsum(cells.shares[order])])[counts]
    answers = np.fromiter(filled.subject.scores_of_many(_pictures(filled, cells, order, counts[1:-1])), np.float64)
    whole, hidden = filled.subject.score, filled.score
    deletion = np.concatenate([[whole], answers[0::2], [hidden]])
    insertion = np.concatenate([[hidden], answers[1::2], [whole]])
    return Curves(shares / shares[-1], deletion, insertion)


def areas_of(filled: Filled, cells: Cells, values: Floats) -> Areas | None:
    """The areas of a map (rows, columns); None where hiding everything changes too little, see `Filled`."""
    return curves(filled, cells, cells.descending(values)).areas if filled.is_defined else None


def _counts(cells: int, steps: int) -> list[int]:
    """How many cells are hidden at each point.

    >>> _counts(10, 3)
    [0, 4, 8, 10]
    """
    return [*range(0, cells, -(-cells // steps)), cells]


def _pictures(filled: Filled, cells: Cells, order: NDArray[np.int64], counts: list[int]) -> Iterator[NDArray[np.uint8]]:
    """For each count the picture with so many cells hidden, then that with so many shown."""
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    place = places[cells.labels][:, :, None]
    for count in counts:
        first = place < count
        yield np.where(first, filled.array, filled.subject.array)
        yield np.where(first, filled.subject.array, filled.array)
