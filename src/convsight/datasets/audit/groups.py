"""Rows that belong together: those with equal values, and those joined by pairs."""

import numpy as np
from numpy.typing import NDArray


def equal_rows(values: NDArray[np.uint64]) -> NDArray[np.int64]:
    """For each row of (rows, columns) the number of its value, counted from 0.

    >>> equal_rows(np.array([[7, 7], [1, 2], [7, 7]], np.uint64)).tolist()
    [1, 0, 1]
    """
    numbers = np.zeros(len(values), np.int64)
    if len(values):
        order = np.lexsort(values.T)
        ordered = values[order]
        numbers[order[1:]] = np.cumsum((ordered[1:] != ordered[:-1]).any(axis=1))
    return numbers


def members(numbers: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The positions that share a number, in groups of two and more, ordered by the first of each.

    >>> [group.tolist() for group in members(np.array([4, 9, 4, 5, 9, 9]))]
    [[0, 2], [1, 4, 5]]
    """
    order = np.argsort(numbers, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1)
    return sorted((group for group in groups if len(group) > 1), key=lambda group: int(group[0]))


class Joined:
    """Things 0 to `count` - 1, of which pairs are told to belong together (union-find).

    >>> joined = Joined(4)
    >>> joined.join(np.array([0, 3]), np.array([2, 2]))
    >>> joined.roots.tolist()
    [0, 1, 0, 0]
    """

    def __init__(self, count: int) -> None:
        self.roots = np.arange(count)  # equal for things that belong together

    def join(self, ones: NDArray[np.int64], others: NDArray[np.int64]) -> None:
        """`ones[i]` and `others[i]` belong together, for every i."""
        for one, other in zip(ones.tolist(), others.tolist(), strict=True):
            low, high = sorted((self._root(one), self._root(other)))
            self.roots[high] = low
        while (self.roots[self.roots] != self.roots).any():
            self.roots = self.roots[self.roots]

    def _root(self, thing: int) -> int:
        while self.roots[thing] != thing:
            thing = int(self.roots[thing])
        return thing
