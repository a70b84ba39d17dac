"""The sizes of images, and those that are not like the rest: small, grey, of one colour."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np

from convsight.datasets.audit.image_index import ImageIndex
from convsight.datasets.finding import Entry, Finding
from convsight.words import counted

SMALL_SHARE = 0.5  # of the median of the shorter sides, which is about what a training resizes to


@dataclass(frozen=True)
class Sizes:
    """Images by area, each size a (width, height) in pixels."""

    smallest: tuple[int, int]
    median: tuple[int, int]
    largest: tuple[int, int]
    distinct: int

    @classmethod
    def of(cls, index: ImageIndex) -> "Sizes | None":
        """The sizes of the readable images; None where there is none."""
        sizes = index.sizes[index.readable]
        if not len(sizes):
            return None
        order = np.argsort(sizes.prod(axis=1), kind="stable")
        low, middle, high = (
            (int(width), int(height)) for width, height in sizes[order[[0, (len(order) - 1) // 2, -1]]]
        )
        return cls(low, middle, high, len(np.unique(sizes, axis=0)))

    def __str__(self) -> str:
        low, middle, high = (f"{width} x {height}" for width, height in (self.smallest, self.median, self.largest))
        return f"sizes: smallest {low}, median {middle}, largest {high}; {self.distinct:,} different"

    def to_json(self) -> dict[str, object]:
        """The sizes as JSON values."""
        return asdict(self)


def find_odd_images(index: ImageIndex) -> Iterator[Finding]:
    """Images much smaller than the rest, the rarer ones of grey and colour, and images of one colour."""
    rows = index.readable
    if not len(rows):
        return
    sides = index.shorter_sides[rows]
    median = float(np.median(sides))
    small = rows[sides < SMALL_SHARE * median]
    if len(small):
        words = (
            f"{counted(len(small), 'image')} with a side under {SMALL_SHARE:g} of the median, {median:g} px: "
            "a training would blow them up"
        )
        yield Finding("small", "remark", words, tuple(_sized(index, row) for row in small.tolist()))
    yield from _mixed(index)
    uniform = rows[index.uniform[rows]]
    if len(uniform):
        words = f"{counted(len(uniform), 'image')} of one colour: nothing to see on them"
        yield Finding("uniform", "remark", words, _single(index, uniform.tolist()))


def _mixed(index: ImageIndex) -> Iterator[Finding]:
    rows = index.readable
    grey, colour = rows[index.grey[rows]], rows[~index.grey[rows]]
    if len(grey) and len(colour):
        rare, words = (grey, "grey among colour ones") if len(grey) <= len(colour) else (colour, "in colour among grey")
        yield Finding("mixed-colour", "remark", f"{counted(len(rare), 'image')} {words}", _single(index, rare.tolist()))


def _single(index: ImageIndex, rows: list[int]) -> tuple[Entry, ...]:
    return tuple(Entry((index.names[row],)) for row in rows)


def _sized(index: ImageIndex, row: int) -> Entry:
    width, height = index.sizes[row].tolist()
    return Entry((index.names[row],), f"{width} x {height}")
