"""Randomness that depends on nothing but (seed, epoch, sample index), so workers and resumes change nothing."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def uniform(
    seed: int, epoch: int, samples: NDArray[np.integer[Any]], columns: int, stream: int = 0
) -> NDArray[np.float32]:
    """Numbers in [0, 1) of shape (samples, columns), a pure function of the arguments.

    A row depends on its own sample index alone: which samples share a batch has no influence. Streams of other numbers
    have nothing to do with one another.
    Source: the splitmix64 generator (Steele, Lea and Flood, 2014), used as a hash.

    >>> rows = uniform(seed=1, epoch=0, samples=np.array([5, 7]), columns=3)
    >>> bool((uniform(seed=1, epoch=0, samples=np.array([7]), columns=3) == rows[1]).all())
    True
    """
    key = _mix(_mix(np.array([seed], np.uint64)) + np.uint64(epoch))
    rows = _mix(key + samples.astype(np.uint64))
    first = (stream << 32) + 1
    cells = _mix(rows[:, None] + np.arange(first, first + columns, dtype=np.uint64)[None])
    # The top 24 bits, since a float32 holds 24 exactly and stays below 1.
    return (cells >> np.uint64(40)).astype(np.float32) / np.float32(1 << 24)


@dataclass(frozen=True)
class RngKeys:
    """All that the randomness of a batch depends on: seed, epoch, and the indices (batch,) of its samples."""

    seed: int
    epoch: int
    samples: NDArray[np.int64]


def shuffled(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    """The order in which epoch `epoch` sees `count` samples."""
    return np.random.default_rng((seed, epoch)).permutation(count).astype(np.int64)


def step_seed(seed: int, epoch: int, step: int) -> int:
    """The seed of everything random inside the network (dropout) in one step."""
    return int(np.random.SeedSequence((seed, epoch, step)).generate_state(1, np.uint64)[0] >> np.uint64(1))


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = values + _GOLDEN
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: NDArray[np.uint64] = z ^ (z >> np.uint64(31))
    return mixed
