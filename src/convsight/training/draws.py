"""Which examples an epoch sees: each once, or some more often than others; a function of (seed, epoch)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.rng import shuffled


class Draws(NamedTuple):
    """The examples of an epoch in their order, and a number (both (draws,)) that no two draws of an epoch share."""

    samples: NDArray[np.int64]
    numbers: NDArray[np.int64]


def drawn(seed: int, epoch: int, count: int, weights: NDArray[np.float64] | None = None) -> Draws:
    """As many draws as there are examples: each once, or by `weights` (count,), positive.

    By weights each is drawn as often as its share says, rounded down or up, so that in an epoch no chance makes one
    frequent: systematic resampling (Kitagawa, 1996) of the examples in a new order every epoch.

    >>> drawn(0, 0, 8, np.array([1, 1, 1, 1, 1, 1, 3, 3.0])).samples.tolist().count(6)
    2
    """
    order = shuffled(seed, epoch, count)
    if weights is None:
        return Draws(order, order)
    random = np.random.default_rng((seed, epoch, 1))
    # Equal weights lie together, so that the number of draws of all examples of a weight is right too.
    order = order[np.argsort(weights[order], kind="stable")]
    upto = np.cumsum(weights[order])
    places = (np.arange(count) + random.random()) * (upto[-1] / count)
    rows = np.minimum(np.searchsorted(upto, places, side="right"), count - 1)
    samples = order[rows]
    again = np.arange(count) - np.searchsorted(rows, rows)  # draws of one example lie side by side
    mixed = random.permutation(count)
    return Draws(samples[mixed], (samples + count * again)[mixed])
