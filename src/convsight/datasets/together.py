"""Which images belong together, so that no cut parts them: by a column, by their names, or since they are equal."""

import re
from collections.abc import Hashable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.dataset import Dataset, Split
from convsight.errors import UserError
from convsight.words import counted, first_few, quoted

Together = Mapping[str, Hashable]  # image names -> what they have in common; those that are not there stand alone


def grouped(dataset: Dataset, group: str) -> tuple[dict[str, Hashable], str]:
    """What the images of `dataset` have in common by `group`, and words on it.

    `group` is the column that `dataset` was read with, where the data have it; else a pattern (a regular expression)
    looked for in images' names, whose groups in brackets, or without such all that it finds, is what counts.

    Raises `UserError` where `group` is neither.
    """
    columns = [split.groups for split in dataset.splits.values()]
    names = [name for split in dataset.splits.values() for name in split.names]
    if any(column is not None for column in columns):
        values = [value for split in dataset.splits.values() for value in split.groups or [""] * len(split)]
        found: dict[str, Hashable] = {name: value for name, value in zip(names, values, strict=True) if value}
        what = f"the column {quoted(group)}"
    else:
        found, what = _by_pattern(dataset, group, names), f"the pattern {quoted(group)}"
    alone = len(names) - len(found)
    groups = len(set(found.values()))
    rest = f", {counted(alone, 'image')} in none of them" if alone else ""
    return found, f"{what} makes {counted(groups, 'group')}{rest}; no group is cut"


def _by_pattern(dataset: Dataset, group: str, names: Sequence[str]) -> dict[str, Hashable]:
    try:
        pattern = re.compile(group)
    except re.error as error:
        raise UserError(
            f"--group {group}: {dataset.source} has no such column, and it is no pattern: {error}"
        ) from error
    matches = {name: match for name in names if (match := pattern.search(name))}
    found: dict[str, Hashable] = {name: match.groups() or match[0] for name, match in matches.items()}
    if not found:
        raise UserError(
            f"--group {group}: {dataset.source} has no such column, and the pattern is in no image's name, such as "
            f"{quoted(names[0])}; name a column of the table, or give a regular expression such as '(patient\\d+)_'"
        )
    return found


def equal_images(names: Sequence[str], digests: NDArray[np.uint64]) -> dict[str, Hashable]:
    """Those of the images called `names` that share their digest with others.

    >>> equal_images(["a", "b", "c"], np.array([7, 9, 7], np.uint64))
    {'a': 0, 'c': 0}
    """
    _, number, counts = np.unique(digests, return_inverse=True, return_counts=True)
    return {names[row]: int(number[row]) for row in np.flatnonzero(counts[number] > 1).tolist()}


def joined(*reasons: Together) -> dict[str, Hashable]:
    """Images that belong together for any of several reasons, or by a chain of such.

    >>> joined({"a": "anna", "b": "anna", "c": "ben", "d": "carl"}, {"b": 7, "c": 7})
    {'a': 0, 'b': 0, 'c': 0, 'd': 1}
    """
    root: dict[Hashable, Hashable] = {}

    def find(key: Hashable) -> Hashable:
        while root.setdefault(key, key) != key:
            root[key] = root[root[key]]
            key = root[key]
        return key

    first: dict[str, Hashable] = {}
    for number, reason in enumerate(reasons):
        for name, value in reason.items():
            key = (number, value)
            root[find(key)] = find(first.setdefault(name, key))
    numbers: dict[Hashable, int] = {}
    return {name: numbers.setdefault(find(key), len(numbers)) for name, key in first.items()}


def parted(splits: Mapping[str, Split], together: Together) -> bool:
    """Whether any images that belong together are in different splits."""
    place: dict[Hashable, str] = {}
    return any(
        place.setdefault(together[image], name) != name
        for name, split in splits.items()
        for image in split.names
        if image in together
    )


def shared(splits: Mapping[str, Split], together: Together) -> dict[tuple[str, str], list[str]]:
    """The images of each split that belong together with some of an earlier one: by the names of both."""
    earlier: dict[str, set[Hashable]] = {}
    found: dict[tuple[str, str], list[str]] = {}
    for name, split in splits.items():
        values = {image: together[image] for image in split.names if image in together}
        for other, known in earlier.items():
            both = [image for image, value in values.items() if value in known]
            if both:
                found[name, other] = both
        earlier[name] = set(values.values())
    return found


def in_words(found: Mapping[tuple[str, str], list[str]], splits: Mapping[str, Split], why: str) -> list[str]:
    """A line for each pair of splits that `shared` found; `why` says what their images have in common."""
    return [
        f"{len(images):,} of {len(splits[name]):,} images of {name} are {why} {other} "
        f"({first_few(images, most=2)}): what {name} tells has been seen before"
        for (name, other), images in found.items()
    ]
