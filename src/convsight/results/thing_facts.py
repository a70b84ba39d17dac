"""What is known of the things of many examples without making them: which classes they show, moved to others."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.int64]  # an index into some classes -> one into others, -1 for a class that is not there


class ThingFacts(NamedTuple):
    """The classes of an example's things, how many are to be found, and a line that tells them from others."""

    labels: NDArray[np.int64]
    to_find: int
    line: str


def class_table(before: tuple[str, ...], after: tuple[str, ...], first: Table | None = None) -> Table:
    """The table from the classes `before` to those `after`, found by name; behind the table `first`, if one is given.

    >>> class_table(("cat", "dog"), ("dog", "owl")).tolist()
    [-1, 0]
    """
    index = {name: position for position, name in enumerate(after)}
    table = np.array([index.get(name, -1) for name in before], np.int64)
    return table if first is None else table[first]


def moved(labels: NDArray[np.int64], table: Table | None) -> NDArray[np.int64]:
    """The classes `labels` by `table`; as they are without one."""
    return labels if table is None else table[labels]


def classes_shown(facts: Sequence[ThingFacts], classes: int, table: Table | None) -> NDArray[np.bool_]:
    """Whether each example shows each of so many classes, which `table` leads to: (examples, classes)."""
    found = np.zeros((len(facts), classes), np.bool_)
    for row, each in enumerate(facts):
        labels = moved(each.labels, table)
        found[row, labels[labels >= 0]] = True
    return found
