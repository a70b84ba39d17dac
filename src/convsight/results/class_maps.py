"""`ClassMaps`: the true classes of the pixels of many examples, each read when it is asked for."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from typing import Any, ClassVar, NamedTuple, final, overload

import numpy as np
from numpy.typing import NDArray

from convsight.results.class_map import IGNORED, ClassMap, Indices, pixel_counts, unknown_index
from convsight.results.mask_source import MaskSource, read_mask
from convsight.results.pixel_colours import Colour, usual_colours
from convsight.results.strata import rarest_class

_DIGEST = 16  # bytes
_AT_ONCE = 8  # masks held at a time while all are looked at


@final
class ClassMaps(Sequence[ClassMap]):
    """The class maps of many examples; their masks may be in files, of which one at a time is in memory.

    Masks hold indices of `classes` and, where no class is known, `ignore_index`. What must be known of all of them, how
    many pixels each class has and a digest, is found out when it is first asked for, in threads, and kept.

    >>> maps = ClassMaps([np.array([[0, 1]], np.uint8), lambda: np.array([[0, 255]], np.uint8)], ("sky", "road"))
    >>> maps.counts(), maps.pixels().tolist(), maps[1].summary()
    ({'sky': 2, 'road': 1}, [[1, 1], [1, 0]], '100.0% sky')
    """

    fewest_classes: ClassVar[int] = 2

    def __init__(
        self,
        masks: Sequence[MaskSource] | NDArray[Any],
        classes: tuple[str, ...],
        colours: tuple[Colour, ...] | None = None,
        ignore_index: int = IGNORED,
        spacings: Sequence[tuple[float, ...] | None] | None = None,
    ) -> None:
        """`spacings` are the sides of a voxel of each example in mm, an axis each; None where they are unknown."""
        self.classes = classes
        self.colours = colours or usual_colours(classes)
        self.ignore_index = ignore_index
        self._pool = _Pool(masks, classes, ignore_index, spacings)
        self._rows: NDArray[np.integer[Any]] = np.arange(len(masks))
        self._table: NDArray[np.integer[Any]] | None = None  # an index of the pool's classes -> one of these

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> ClassMap: ...
    @overload
    def __getitem__(self, index: slice) -> "ClassMaps": ...
    def __getitem__(self, index: int | slice) -> "ClassMap | ClassMaps":
        if isinstance(index, slice):
            return self.select(np.arange(len(self))[index])
        spacing = self._pool.spacing(int(self._rows[index]))
        return ClassMap(self.classes, self.colours, self.mask(index), self.ignore_index, spacing=spacing)

    def mask(self, index: int) -> Indices:
        """The mask of one example, by the indices of these classes."""
        mask = self._pool.mask(int(self._rows[index]))
        found: Indices = mask if self._table is None else self._table[mask]
        return found

    def source(self, index: int) -> MaskSource:
        """What the mask of one example is read from; its indices are those of the classes that it came with."""
        return self._pool.source(int(self._rows[index]))

    def select(self, positions: NDArray[np.integer[Any]]) -> "ClassMaps":
        """The maps at `positions`, in that order."""
        return self._like(self._rows[positions], self.classes, self.colours, self._table)

    def pixels(self) -> NDArray[np.int64]:
        """How many pixels of each example are of each class: (examples, classes)."""
        found = np.array([each.pixels for each in self._facts()], np.int64).reshape(len(self), -1)
        if self._table is None:
            return found
        moved = np.zeros((len(self), len(self.classes)), np.int64)
        for before, after in enumerate(self._table[: found.shape[1]].tolist()):
            if after < len(self.classes):
                moved[:, after] += found[:, before]
        return moved

    def counts(self) -> dict[str, int]:
        """How many examples show each class."""
        return dict(zip(self.classes, (self.pixels() > 0).sum(axis=0).tolist(), strict=True))

    def to_find(self) -> int:
        """How many pixels there are that have a class."""
        return int(self.pixels().sum())

    def strata(self) -> NDArray[np.int64]:
        """The rarest class of each example that at least ten of them show."""
        return rarest_class(self.pixels() > 0)

    def aligned(self, classes: tuple[str, ...]) -> "ClassMaps":
        """The same maps by the indices of `classes`, found by name; a class that is not there becomes none.

        >>> ClassMaps([np.array([[0, 1]], np.uint8)], ("sky", "road")).aligned(("car", "road", "sky"))[0].indices
        array([[2, 1]], dtype=uint8)
        """
        if classes == self.classes:
            return self
        ignored = unknown_index(len(classes))
        index = {name: position for position, name in enumerate(classes)}
        own = [index.get(name, ignored) for name in self.classes]
        known = dict(zip(self.classes, self.colours, strict=True))
        colours = tuple(known.get(name, usual) for name, usual in zip(classes, usual_colours(classes), strict=True))
        kind = np.uint8 if ignored == IGNORED else np.uint16
        table: Indices = np.full(max(self.ignore_index, len(own)) + 1, ignored, kind)
        table[: len(own)] = own
        if self._table is not None:
            table = table[np.minimum(self._table, len(table) - 1)]
        return self._like(self._rows, classes, colours, table, ignored)

    def lines(self) -> list[str]:
        """Of each example the names of its classes and a digest of where they are, whatever their indices."""
        return [each.line for each in self._facts()]

    def _facts(self) -> "list[_Facts]":
        return self._pool.facts(self._rows.tolist())

    def _like(
        self,
        rows: NDArray[np.integer[Any]],
        classes: tuple[str, ...],
        colours: tuple[Colour, ...],
        table: NDArray[np.integer[Any]] | None,
        ignore_index: int | None = None,
    ) -> "ClassMaps":
        found = object.__new__(ClassMaps)
        found.classes, found.colours = classes, colours
        found.ignore_index = self.ignore_index if ignore_index is None else ignore_index
        found._pool, found._rows, found._table = self._pool, rows, table
        return found


class _Facts(NamedTuple):
    """What is known of a mask: how many pixels each class has, and a line that tells it from others."""

    pixels: NDArray[np.int64]
    line: str


class _Pool:
    """Masks, and what is known of those that were looked at; shared by all that are selected from it."""

    def __init__(
        self,
        masks: Sequence[MaskSource] | NDArray[Any],
        classes: tuple[str, ...],
        ignore_index: int,
        spacings: Sequence[tuple[float, ...] | None] | None,
    ) -> None:
        self._masks = masks
        self._spacings = spacings
        self._classes = classes
        self._ignore_index = ignore_index
        self._known: dict[int, _Facts] = {}

    def mask(self, row: int) -> Indices:
        """The mask as it is."""
        return read_mask(self.source(row))

    def source(self, row: int) -> MaskSource:
        """What it is read from."""
        return self._masks[row]

    def spacing(self, row: int) -> tuple[float, ...] | None:
        """The sides of a voxel of the mask in mm, where they are known."""
        return None if self._spacings is None else self._spacings[row]

    def facts(self, rows: Sequence[int]) -> list[_Facts]:
        """What is known of the masks at `rows`; what was not looked at yet is read."""
        unread = sorted(set(rows) - self._known.keys())
        if len(unread) < _AT_ONCE:
            self._known |= {row: self._looked_at(row) for row in unread}
        else:
            with ThreadPoolExecutor(min(_AT_ONCE, os.cpu_count() or 1)) as threads:
                self._known |= zip(unread, threads.map(self._looked_at, unread), strict=True)
        return [self._known[row] for row in rows]

    def _looked_at(self, row: int) -> _Facts:
        mask = self.mask(row)
        pixels = pixel_counts(mask, len(self._classes))
        there = sorted(np.flatnonzero(pixels).tolist(), key=lambda index: self._classes[index])
        ranks = np.full(max(int(mask.max()), len(self._classes), 1) + 1, len(there), np.uint16)
        ranks[there] = np.arange(len(there))
        seen = blake2b(repr(mask.shape).encode(), digest_size=_DIGEST)
        seen.update(np.ascontiguousarray(ranks[mask], "<u2").data)
        return _Facts(pixels, f"{', '.join(self._classes[index] for index in there)}; {seen.hexdigest()}")
