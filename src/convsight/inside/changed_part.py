"""Which part of a map changes where a part of the picture does, by the arithmetic of receptive fields."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from convsight.arithmetic.shapes import Window

Starts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Span:
    """Along one axis of `side` cells: of each picture, `length` cells from its `starts` (batch,) on may be changed.

    All pictures have the same length, so that they can be computed together; at the edges, where fewer are changed,
    it reaches further inwards.
    """

    starts: Starts
    length: int
    side: int

    @classmethod
    def between(cls, first: Starts, last: Starts, side: int) -> Self:
        """From `first` to `last` of each picture, both included, as far as they are on the side."""
        first, last = np.clip(first, 0, side - 1), np.clip(last, 0, side - 1)
        length = max(1, int((last - first).max()) + 1)
        return cls(np.minimum(first, side - length), length, side)

    def after(self, window: Window, side: int) -> "Span":
        """What changes behind a window that moves over the axis and leaves `side` cells.

        >>> three = Window(3, before=1, after=1)
        >>> behind = Span(np.array([0, 4]), length=2, side=9).after(three, 9)
        >>> behind.starts.tolist(), behind.length
        ([0, 3], 4)
        """
        first = -((window.span - 1 - window.before - self.starts) // window.stride)
        return Span.between(first, (self.starts + self.length - 1 + window.before) // window.stride, side)

    def joined(self, other: "Span") -> "Span":
        """What changes in either."""
        last = np.maximum(self.starts + self.length, other.starts + other.length) - 1
        return Span.between(np.minimum(self.starts, other.starts), last, self.side)

    def same(self, other: "Span") -> bool:
        """Whether both mean the same cells."""
        return self.length == other.length and bool((self.starts == other.starts).all())


@dataclass(frozen=True, eq=False)
class Part:
    """A rectangle of each picture of a batch, of one size."""

    rows: Span
    columns: Span

    @property
    def share(self) -> float:
        """How much of the map it is."""
        return self.rows.length / self.rows.side * self.columns.length / self.columns.side

    @property
    def sides(self) -> tuple[int, int]:
        """Its height and width."""
        return self.rows.length, self.columns.length

    @property
    def corners(self) -> list[tuple[int, int]]:
        """Where it begins, in each picture."""
        return list(zip(self.rows.starts.tolist(), self.columns.starts.tolist(), strict=True))

    def after(self, windows: Sequence[Window], sides: Sequence[int]) -> "Part":
        """What changes behind windows over rows and columns that leave a map of `sides`."""
        return Part(self.rows.after(windows[0], sides[0]), self.columns.after(windows[1], sides[1]))

    def joined(self, other: "Part") -> "Part":
        """The rectangles around both."""
        return Part(self.rows.joined(other.rows), self.columns.joined(other.columns))

    def same(self, other: "Part") -> bool:
        """Whether both mean the same cells."""
        return self.rows.same(other.rows) and self.columns.same(other.columns)
