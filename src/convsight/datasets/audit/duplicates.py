"""Images that are there more than once, pixel for pixel."""

from collections.abc import Iterator

from convsight.datasets.audit.groups import equal_rows, members
from convsight.datasets.audit.image_index import ImageIndex
from convsight.datasets.finding import Entry, Finding, ImageName, counted


def find_duplicates(index: ImageIndex) -> Iterator[Finding]:
    """Equal images with different targets, in different splits, and the other ones.

    A group that has both faults is in both findings.
    """
    rows = index.readable
    groups = [index.named(rows[group]) for group in members(equal_rows(index.digests[rows]))]
    contradictions = [group for group in groups if len(targets_of(group)) > 1]
    leaks = [group for group in groups if len(splits_of(group)) > 1]
    others = [group for group in groups if len(targets_of(group)) == len(splits_of(group)) == 1]
    if contradictions:
        words = f"{counted(len(contradictions), 'image')} there with different targets: not all of them can be right"
        entries = tuple(Entry(group, f"as {' and '.join(targets_of(group))}") for group in contradictions)
        yield Finding("contradictions", "wrong", words, entries)
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


def _danger(index: ImageIndex) -> str:
    one_split = len({image.split for image in index.names}) == 1
    return "; a cut into splits may part them" if one_split else ""


def targets_of(group: tuple[ImageName, ...]) -> list[str]:
    """The different targets in a group of images."""
    return sorted({image.truth for image in group})


def splits_of(group: tuple[ImageName, ...]) -> list[str]:
    """The different splits in a group of images."""
    return list(dict.fromkeys(image.split for image in group))
