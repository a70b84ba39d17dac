"""A cut as a text that can be kept: which image is in which split, and what it was when it was read."""

import csv
import io
import re
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.dataset import SPLIT_NAMES, Dataset, Split
from convsight.errors import UserError
from convsight.words import counted_are, first_few, quoted

# What `pixels` holds belongs to the name of that column: another way to count gets another name, and texts of older
# runs lack it.
_COLUMNS = ("split", "picture", "pixels")
_DIGEST = re.compile("[0-9a-f]{16}")


def splits_csv(dataset: Dataset, digests: Mapping[str, int] | None = None) -> str:
    """Which image is in which split, as CSV with the columns split and picture.

    With the `ImageStore.digests` of images, by name, a column `pixels` holds them in hexadecimal.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS[:2] if digests is None else _COLUMNS)
    for name, split in dataset.splits.items():
        writer.writerows((name, image, *_pixels(image, digests)) for image in split.names)
    return text.getvalue()


def _pixels(image: str, digests: Mapping[str, int] | None) -> tuple[str, ...]:
    """The columns after the name; one that could not be read has no digest."""
    return () if digests is None else (f"{digests[image]:016x}" if image in digests else "",)


def apply_splits_csv(dataset: Dataset, text: str) -> Dataset:
    """`dataset`, freshly read, cut as `splits_csv` stored it.

    Raises `UserError` where the text is damaged, images vanished or new ones came, or the data's own
    splits are no longer those of the cut.
    """
    here = {image: name for name, split in dataset.splits.items() for image in split.names}
    stored = {split: [row.picture for row in rows] for split, rows in _parse(text).items()}
    known = {image for images in stored.values() for image in images}
    said = came_and_went(known, here)
    if said:
        raise UserError(
            f"{dataset.source} has changed since its splits were cut: {said}; put back what was there, take out "
            "what is new, or train a new run"
        )
    return dataset.with_splits({name: _selected(dataset, name, images, here) for name, images in stored.items()})


def came_and_went(before: Collection[str], now: Collection[str]) -> str:
    """Which names of images are gone and which are new, in words; empty where none is.

    >>> came_and_went(["a.png", "b.png"], ["b.png", "c.png"])
    '1 image is gone (a.png), 1 image is new (c.png)'
    """
    there, here = set(before), set(now)
    gone, new = ([image for image in one if image not in other] for one, other in ((before, here), (now, there)))
    parts = ((gone, "gone"), (new, "new"))
    return ", ".join(
        f"{counted_are(len(images), 'image')} {what} ({first_few(images)})" for images, what in parts if images
    )


def changed_in_splits_csv(text: str, digests: Mapping[str, int]) -> list[str]:
    """The images whose pixels are not those that `splits_csv` stored; none of older texts, which hold no digests."""
    rows = (row for rows in _parse(text).values() for row in rows)
    return [row.picture for row in rows if row.pixels and digests.get(row.picture) != int(row.pixels, 16)]


def names_in_splits_csv(text: str) -> set[str]:
    """The names of all images that `splits_csv` stored; raises `UserError` where the text is damaged."""
    return {row.picture for rows in _parse(text).values() for row in rows}


def pictures_in_splits_csv(text: str, split: str) -> dict[str, str]:
    """The images of `split` by name, in the order of the cut, each with its digest (empty in older texts).

    Raises `UserError` where the text is damaged.
    """
    return {row.picture: row.pixels for row in _parse(text).get(split, [])}


def digests_in_splits_csv(text: str) -> dict[str, NDArray[np.uint64]]:
    """The digests that `splits_csv` stored, by split; none in older texts. Errors are those of the others."""
    return {
        split: np.array([int(row.pixels, 16) for row in rows if row.pixels], np.uint64)
        for split, rows in _parse(text).items()
    }


def _selected(dataset: Dataset, name: str, images: Sequence[str], here: Mapping[str, str]) -> Split:
    sources = {here[image] for image in images}
    if len(sources) > 1:
        raise UserError(
            f"{dataset.source} has other splits now than when it was cut: images of {name!r} are in "
            f"{' and '.join(sorted(sources))}; restore them, or train a new run"
        )
    split = dataset.splits[sources.pop()]
    position = {image: index for index, image in enumerate(split.names)}
    return split.select(np.array([position[image] for image in images]), name)


class _Row(NamedTuple):
    """An image, and its digest in hexadecimal, empty where none was stored."""

    picture: str
    pixels: str = ""


def _parse(text: str) -> dict[str, list[_Row]]:
    """The images of each split."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    stored: dict[str, list[_Row]] = {}
    seen: set[str] = set()
    try:
        columns = tuple(next(reader, ()))
        if columns not in {_COLUMNS, _COLUMNS[:2]}:
            raise UserError(f"the stored splits are damaged: expected the columns {','.join(_COLUMNS)}")
        for row in reader:
            if len(row) != len(columns) or row[0] not in SPLIT_NAMES or row[1] in seen or not _are_digests(row[2:]):
                raise UserError(f"the stored splits are damaged in line {reader.line_num}: {quoted(','.join(row))}")
            stored.setdefault(row[0], []).append(_Row(*row[1:]))
            seen.add(row[1])
    except csv.Error as error:
        raise UserError(f"the stored splits are damaged in line {reader.line_num}: {error}") from error
    return stored


def _are_digests(values: Sequence[str]) -> bool:
    return all(not value or _DIGEST.fullmatch(value) for value in values)
