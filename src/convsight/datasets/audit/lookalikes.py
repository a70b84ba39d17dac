"""Images that look alike, by their difference hashes: a suspicion, never a fact."""

from collections.abc import Callable, Hashable, Iterator

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.audit.duplicates import splits_of, targets_of, words_of
from convsight.datasets.audit.groups import equal_rows, members
from convsight.datasets.audit.hash_neighbours import neighbour_groups
from convsight.datasets.audit.image_index import ImageIndex
from convsight.datasets.dataset import Dataset
from convsight.datasets.finding import Entry, Finding, ImageName
from convsight.words import counted

MIN_SIDE = 32  # px; so few pixels hold so little that different images have nearly equal hashes


def find_lookalikes(index: ImageIndex) -> Iterator[Finding]:
    """Groups of images that look alike without being equal, those across splits first."""
    groups = _groups(index)
    leaks = [group for group in groups if len(splits_of(group)) > 1]
    others = [group for group in groups if len(splits_of(group)) == 1]
    if leaks:
        words = f"{counted(len(leaks), 'group')} of images in different splits look alike: look whether they leak"
        yield Finding("lookalike-leaks", "suspicion", words, tuple(map(_entry, leaks)))
    if others:
        words = f"{counted(len(others), 'group')} of images within a split look alike"
        yield Finding("lookalikes", "suspicion", words, tuple(map(_entry, others)))


def alike(
    dataset: Dataset, workers: int, max_megapixels: float, progress: Callable[[int], object]
) -> dict[str, Hashable]:
    """The images of `dataset`, by name, that look like others, and which are of one group; equal ones too."""
    index = ImageIndex.read(dataset, workers, max_megapixels, progress)
    rows, number = _numbered(index)
    named = {index.names[row].name: int(value) for row, value in zip(rows.tolist(), number.tolist(), strict=True)}
    counts = np.bincount(number)
    return {name: value for name, value in named.items() if counts[value] > 1}


def too_small(index: ImageIndex) -> str | None:
    """A note on images of which only equality was looked at, if there are such."""
    count = int((index.shorter_sides[index.readable] < MIN_SIDE).sum())
    if not count:
        return None
    return (
        f"{counted(count, 'image')} under {MIN_SIDE} px a side: compared exactly only, since images of so few "
        "pixels look alike by nature"
    )


def _groups(index: ImageIndex) -> list[tuple[ImageName, ...]]:
    rows, number = _numbered(index)
    digests = equal_rows(index.digests[rows])
    # Groups of equal images alone are duplicates, and reported as such.
    alike = (group for group in members(number) if len(np.unique(digests[group])) > 1)
    return [index.named(rows[group]) for group in alike]


def _numbered(index: ImageIndex) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows that can be compared, and the group of each."""
    rows = index.readable
    # In an image of one colour there is nothing to compare.
    rows = rows[(index.shorter_sides[rows] >= MIN_SIDE) & ~index.uniform[rows]]
    return rows, _near(index.hashes[rows])


def _near(hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The group of each row; equal rows are compared once, so that many of them cost nothing."""
    value = equal_rows(hashes)
    _, first = np.unique(value, return_index=True)
    return neighbour_groups(hashes[first])[value]


def _entry(group: tuple[ImageName, ...]) -> Entry:
    targets = targets_of(group)
    return Entry(group, words_of(targets) if len(targets) > 1 else "")
