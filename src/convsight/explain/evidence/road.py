"""ROAD: the answer where pixels are replaced by what their neighbours let one expect, so that no hole gives them away.

Source: Rong, Leemann, Borisov, Kasneci and Kasneci, "A Consistent and Efficient Evaluation Strategy for Attribution
Methods", ICML 2022.
"""

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.explain.evidence.cells import Cells
from convsight.explain.evidence.filled import as_loaded
from convsight.explain.subject import Subject

SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)  # of the cells that are replaced
NOISE = 0.01  # of a channel's standard deviation in the training data: replaced pixels shall not be told by smoothness

Floats = NDArray[np.float64]

# Neighbours of a pixel (down, right), and how much each counts: those that share a side twice as much as the others.
_NEIGHBOURS = {(y, x): 1 / 6 if 0 in {y, x} else 1 / 12 for y, x in product((-1, 0, 1), repeat=2) if (y, x) != (0, 0)}


def road(subject: Subject, cells: Cells, values: Floats, noise: float = NOISE, seed: int = 0) -> float:
    """How much more of the answer is left without the least of a map's cells than without the first; half of that.

    The mean over `SHARES`; 0 where the order says nothing, and in the unit of the answer.
    """
    order = cells.descending(values)
    generator = np.random.default_rng(seed)
    answers = np.fromiter(subject.scores_of_many(_replaced(subject, cells, order, noise, generator)), np.float64)
    return float((answers[1::2] - answers[0::2]).mean() / 2)


def imputed(values: Floats, hidden: NDArray[np.bool_]) -> Floats:
    """`values` (height, width, channels), each of the pixels that are `hidden` the weighed mean of its neighbours.

    Those of all hidden pixels hold at once, which is a sparse system of equations. Some pixel must not be hidden.
    """
    # Their import takes a while.
    from scipy.sparse import csc_array  # noqa: PLC0415
    from scipy.sparse.linalg import splu  # noqa: PLC0415

    unknown = np.cumsum(hidden).reshape(hidden.shape) - 1
    count = int(hidden.sum())
    total, known = np.zeros(count), np.zeros((count, values.shape[2]))
    rows, columns, weights = [np.arange(count)], [np.arange(count)], [total]
    for (down, right), weight in _NEIGHBOURS.items():
        here, there = _overlap(hidden.shape, down, right)
        asks = hidden[here]
        index = unknown[here][asks]
        total[index] += weight
        open_ones = hidden[there][asks]
        known[index[~open_ones]] += weight * values[there][asks][~open_ones]
        rows.append(index[open_ones])
        columns.append(unknown[there][asks][open_ones])
        weights.append(np.full(len(rows[-1]), -weight))
    places = (np.concatenate(rows), np.concatenate(columns))
    system = csc_array((np.concatenate(weights), places), shape=(count, count))
    found = values.copy()
    found[hidden] = splu(system, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}).solve(known)
    return found


def _replaced(
    subject: Subject, cells: Cells, order: NDArray[np.int64], noise: float, generator: np.random.Generator
) -> Iterator[NDArray[Any]]:
    """For each share the picture without so many of the first cells, then without so many of the last."""
    spec, array = subject.spec, subject.array
    reach = noise * np.array(spec.std) * (spec.high - spec.low)
    for share in SHARES:
        count = min(max(1, round(share * len(order))), len(order) - 1)
        for chosen in (order[:count], order[-count:]):
            hidden = np.isin(cells.labels, chosen)
            found = imputed(array.astype(np.float64), hidden)
            found[hidden] += reach * generator.standard_normal(found[hidden].shape)
            yield as_loaded(found, array.dtype)


def _overlap(shape: tuple[int, ...], down: int, right: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Where pixels have a neighbour that far away, and where these neighbours are."""
    sides = [(slice(max(0, -step), side - max(0, step)), step) for side, step in zip(shape, (down, right), strict=True)]
    (y, step_y), (x, step_x) = sides
    return (y, x), (slice(y.start + step_y, y.stop + step_y), slice(x.start + step_x, x.stop + step_x))
