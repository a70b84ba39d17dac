"""What is odd about the labels of images that have any number of them: never there, always there, always together."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.dataset import Dataset
from convsight.datasets.finding import Entry, Finding, ImageName
from convsight.results import LabelSets
from convsight.words import counted, quoted


def find_odd_labels(dataset: Dataset) -> Iterator[Finding]:
    """Labels without an image, on every image, or on the same images as another; and images without any label."""
    sets = [split.targets.present for split in dataset.splits.values() if isinstance(split.targets, LabelSets)]
    if not sets:
        return
    names = dataset.target.names
    present = np.concatenate(sets)
    counts = present.sum(axis=0)
    if never := [name for name, count in zip(names, counts.tolist(), strict=True) if not count]:
        yield _of_labels(
            "unused-labels", f"{counted(len(never), 'label')} on no image, so that nothing is learnt about them", never
        )
    if always := [name for name, count in zip(names, counts.tolist(), strict=True) if count == len(present)]:
        words = f"{counted(len(always), 'label')} on every image, so that nothing is learnt about them"
        yield _of_labels("constant-labels", words, always)
    groups = _together(present, names)
    if groups:
        entries = tuple(Entry(note=" and ".join(map(quoted, group))) for group in groups)
        words = f"{counted(len(groups), 'group')} of labels on the same images, so that nothing tells them apart"
        yield Finding("equal-labels", "suspicion", words, entries)
    yield from _without(dataset)


def _of_labels(kind: str, words: str, names: list[str]) -> Finding:
    return Finding(kind, "suspicion", words, tuple(Entry(note=name) for name in names))


def _together(present: NDArray[np.bool_], names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Labels that some but not all images have, in groups that the same images have."""
    columns: dict[bytes, list[str]] = {}
    for name, column in zip(names, present.T, strict=True):
        if column.any() and not column.all():
            columns.setdefault(np.packbits(column).tobytes(), []).append(name)
    return [tuple(group) for group in columns.values() if len(group) > 1]


def _without(dataset: Dataset) -> Iterator[Finding]:
    """Images that have no label."""
    found = []
    images = 0
    for split in dataset.splits.values():
        if isinstance(split.targets, LabelSets):
            images += len(split)
            bare = np.flatnonzero(~split.targets.present.any(axis=1)).tolist()
            found += [Entry((ImageName(split.name, split.names[row], ""),)) for row in bare]
    if found:
        words = f"{counted(len(found), 'image')} of {images:,} without a label: is none there, or was none looked for?"
        yield Finding("no-label", "remark", words, tuple(found))
