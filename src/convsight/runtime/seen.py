"""What of the images that are judged a network was trained or chosen on: found by their pixels, wherever they lie."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.stored_splits import digests_in_splits_csv
from convsight.errors import UserError
from convsight.run import Run

_SEEN = ("train", "val")  # what a network learns from, and what chooses its best epoch

Digests = NDArray[np.uint64]


def stored_digests(run: Run | None) -> dict[str, Digests]:
    """The digests of the images of `run`, by split; none where it stored none, or there is no run to ask."""
    if run is None or not run.splits_file.is_file():
        return {}
    try:
        return digests_in_splits_csv(run.splits())
    except UserError:  # damaged splits are reported where they are needed
        return {}


def parts_of(digests: Digests, stored: Mapping[str, Digests], unseen: str) -> dict[str, NDArray[np.int64]]:
    """The positions of images by what they were to a network: `train`, `val`, or the name `unseen`.

    An image of both splits was trained on.

    >>> stored = {"train": np.array([7, 8], np.uint64), "val": np.array([8, 9], np.uint64)}
    >>> found = parts_of(np.array([9, 5, 8], np.uint64), stored, "test")
    >>> {name: positions.tolist() for name, positions in found.items()}
    {'test': [1], 'train': [2], 'val': [0]}
    """
    found: dict[str, NDArray[np.int64]] = {}
    left = np.ones(len(digests), np.bool_)
    for name in _SEEN:
        here = left & np.isin(digests, stored.get(name, np.zeros(0, np.uint64)))
        found[name] = np.flatnonzero(here)
        left &= ~here
    parts = {unseen: np.flatnonzero(left)}
    for name, positions in found.items():
        parts[name] = np.union1d(parts[name], positions) if name in parts else positions
    return {name: positions for name, positions in parts.items() if len(positions)}
