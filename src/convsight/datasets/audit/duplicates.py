"""Images that are there more than once, pixel for pixel."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.audit.groups import equal_rows, members
from convsight.datasets.audit.image_index import ImageIndex
from convsight.datasets.dataset import Dataset
from convsight.datasets.finding import Entry, Finding, ImageName
from convsight.results.result import Result
from convsight.words import counted

CLOSE = 0.2  # of the scale (of a side, for boxes), up to which numbers say the same
_TOLD = 32  # letters of a target


def find_duplicates(index: ImageIndex, dataset: Dataset) -> Iterator[Finding]:
    """Equal images with different targets, in different splits, and the other ones.

    A group that has both faults is in both findings. Targets that say the same of all, but for small differences of
    numbers, are a suspicion: two people never draw the same box.
    """
    rows = index.readable
    members_of = [rows[group] for group in members(equal_rows(index.digests[rows]))]
    groups = [index.named(group) for group in members_of]
    differing = [each for each in members_of if len(targets_of(index.named(each))) > 1]
    close = [index.named(each) for each in differing if _nearly_same(_targets(dataset, each))]
    contradictions = [group for each in differing if (group := index.named(each)) not in close]
    leaks = [group for group in groups if len(splits_of(group)) > 1]
    others = [group for group in groups if len(targets_of(group)) == len(splits_of(group)) == 1]
    if contradictions:
        words = f"{counted(len(contradictions), 'image')} there with different targets: not all of them can be right"
        yield Finding("contradictions", "wrong", words, _as_told(contradictions))
    if close:
        words = (
            f"{counted(len(close), 'image')} there several times with targets that differ a little, as those of two "
            "annotators do: keep one"
        )
        yield Finding("close-targets", "suspicion", words, _as_told(close))
    if leaks:
        words = f"{counted(len(leaks), 'image')} in more than one split: what is judged has been seen before"
        yield Finding("leaks", "wrong", words, tuple(map(Entry, leaks)))
    if others:
        spare = sum(len(group) - 1 for group in others)
        words = (
            f"{counted(len(others), 'image')} there several times within a split and with one target "
            f"({spare:,} could go)"
        )
        yield Finding("duplicates", "remark", words + _danger(index), tuple(map(Entry, others)))


def _as_told(groups: list[tuple[ImageName, ...]]) -> tuple[Entry, ...]:
    return tuple(Entry(group, words_of(targets_of(group))) for group in groups)


def _targets(dataset: Dataset, rows: NDArray[np.int64]) -> list[Result]:
    """What is true of the images at `rows` of the index, which counts split after split."""
    splits = list(dataset.splits.values())
    ends = np.cumsum([len(split) for split in splits])
    places = np.searchsorted(ends, rows, side="right").tolist()
    within = [row - int(ends[place]) + len(splits[place]) for place, row in zip(places, rows.tolist(), strict=True)]
    return [splits[place].targets[row] for place, row in zip(places, within, strict=True)]


def _nearly_same(targets: list[Result]) -> bool:
    """Whether all say the same as the first, with small differences of numbers."""
    differences = [targets[0].difference(other) for other in targets[1:]]
    return all(each.said > 0 and each.same == 1 and each.largest <= CLOSE for each in differences)


def _danger(index: ImageIndex) -> str:
    one_split = len({image.split for image in index.names}) == 1
    return "; a cut into splits may part them" if one_split else ""


def words_of(targets: list[str]) -> str:
    """What differs, in words; only how many differ where they are long, as masks and many boxes are.

    >>> words_of(["cat", "dog"]), words_of(["road, sky; " + "9f" * 16, "road; " + "0c" * 16])
    ('as cat and dog', 'with 2 different targets')
    """
    if max(map(len, targets)) > _TOLD:
        return f"with {len(targets)} different targets"
    return f"as {' and '.join(targets)}"


def targets_of(group: tuple[ImageName, ...]) -> list[str]:
    """The different targets in a group of images."""
    return sorted({image.truth for image in group})


def splits_of(group: tuple[ImageName, ...]) -> list[str]:
    """The different splits in a group of images."""
    return list(dict.fromkeys(image.split for image in group))
