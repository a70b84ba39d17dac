"""`ImageStore`: the examples of a split as the network takes them, decoded once where memory or disk allow."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any, Literal, Self, final

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.dataset import Split
from convsight.datasets.decode_rows import decode_all
from convsight.datasets.decoded import Found, Unreadable
from convsight.datasets.pixel_file import PixelFile
from convsight.datasets.stored_rows import Held, OnDemand, Rows, Store, Whole
from convsight.inputs import InputSpec
from convsight.memory import available_memory_bytes

_MEMORY_SHARE = 4  # by default a quarter of what is available, since there are three splits and a network


Kept = Literal["memory", "disk", "nowhere"]


@final
@dataclass(frozen=True, eq=False)
class ImageStore:
    """The examples of a split that can be read, as the arrays that `spec` makes of each: RGB images, most often.

    Made by `read`. The arrays stay in memory where they fit the budget; where not they are kept in a file, if that is
    asked for, or decoded again on demand. The predictions are the same. Safe in threads.
    """

    spec: InputSpec
    _store: Rows
    _found: Found
    _rows: NDArray[np.int64]  # of the store, one an image

    @classmethod
    def read(
        cls,
        split: Split,
        spec: InputSpec,
        *,
        workers: int = 0,
        max_megapixels: float = 100.0,
        memory_budget_bytes: int | None = None,
        on_disk: bool = False,
        progress: Callable[[int], object] | None = None,
    ) -> tuple[Self, list[Unreadable]]:
        """Decode every image of `split` once: the readable ones fitted, in order, and the others.

        `workers` threads decode, 0 means in the calling thread; `progress` is told how many more were
        read. The budget is for the pixels kept, by default a quarter of the memory available. What does not fit is kept
        `on_disk`, see `PixelFile`, where there is room.
        """
        tell = progress or _nobody
        if isinstance(split.images, np.ndarray) and spec.takes(split.images):
            given = Held(split.images, spec, split.images)
            tell(len(split))
            return cls(spec, given, given.found(), np.arange(len(split))), []
        budget = available_memory_bytes() // _MEMORY_SHARE if memory_budget_bytes is None else memory_budget_bytes
        source = OnDemand(split.images, spec, max_megapixels, workers)
        held: Held | Whole | None = None
        if spec.is_tiled:
            held = Whole.of(source, budget, on_disk)
        elif source.needed_bytes <= budget:
            held = Held.empty(split.images, spec)
        elif on_disk and (file := PixelFile.make((len(split), *spec.array_shape), spec.dtype)):
            held = Held(file.arrays, spec, split.images, file)
        found, unreadable = decode_all(source, split.names, held, tell)
        rows = np.delete(np.arange(len(split)), [bad.position for bad in unreadable])
        return cls(spec, source if held is None else held, found, rows), unreadable

    def __len__(self) -> int:
        return len(self._rows)

    def take(self, indices: NDArray[np.int64]) -> NDArray[Any]:
        """The examples at `indices`, in that order: a new array (indices, *array_shape).

        Of tiled ones it is the tile in the middle.
        """
        if self.spec.is_tiled:
            return self.tiles(indices, middle_corners([self.size(int(index)) for index in indices], self.tile_size))
        return self._store.take(self._rows[indices])

    def loaded(self, indices: NDArray[np.int64]) -> Sequence[NDArray[Any]] | NDArray[Any]:
        """The same; of tiled ones the whole arrays, whose shapes differ."""
        if not self.spec.is_tiled:
            return self.take(indices)
        return [self._store.loaded(int(row)) for row in self._rows[indices]]

    def tiles(self, indices: NDArray[np.int64], corners: NDArray[np.int64]) -> NDArray[Any]:
        """Of each of the tiled examples at `indices` the tile at its corner (left, top): (indices, *array_shape)."""
        found = np.empty((len(indices), *self.spec.array_shape), self.spec.dtype)
        width, height = self.tile_size
        for place, (row, (left, top)) in enumerate(zip(self._rows[indices].tolist(), corners.tolist(), strict=True)):
            found[place] = self._store.loaded(row)[top : top + height, left : left + width]
        return found

    @property
    def tile_size(self) -> tuple[int, int]:
        """The width and height of a tile in pixels."""
        height, width = self.spec.array_shape[:2]
        return width, height

    def source(self, index: int) -> Path | NDArray[Any]:
        """What example `index` was loaded from: a file, or an array."""
        return self._store.source(int(self._rows[index]))

    def select(self, positions: NDArray[np.int64]) -> "ImageStore":
        """The images at `positions`, in that order, without copying pixels."""
        return replace(self, _rows=self._rows[positions])

    def size(self, index: int) -> tuple[int, ...]:
        """The sides of example `index` before it was fitted: of an image its width and height in pixels."""
        return tuple(self._found.sizes[self._rows[index]].tolist())

    def given_as(self, spec: InputSpec, store: Store) -> "ImageStore":
        """The same examples as arrays of `spec`, which `store` has by their index here."""
        rows = self._rows
        remarks = self.remarks
        found = Found(self._found.grey[rows], self._found.sizes[rows], self._found.digests[rows], remarks)
        return replace(self, spec=spec, _store=_Other(store, self), _found=found, _rows=np.arange(len(rows)))

    @property
    def digests(self) -> NDArray[np.uint64]:
        """A number for each example, equal where its size and what the network is given of it are: (examples,).

        The first 64 bits of a SHA-256, so that among a million different images two share one with a chance of 3e-8.
        """
        return self._found.digests[self._rows]

    @property
    def kept(self) -> Kept:
        """Where the arrays are; `nowhere` means that each is loaded whenever it is asked for."""
        if isinstance(self._store, Held):
            return "memory" if self._store.file is None else "disk"
        if isinstance(self._store, Whole):
            return self._store.arrays.kept
        if isinstance(self._store, _Joined):
            found = {store.kept for store in self._store.stores}
            return next(place for place in ("nowhere", "disk", "memory") if place in found)
        return "nowhere"

    @property
    def bytes(self) -> int:
        """How much room the arrays of all examples take."""
        if self.spec.is_tiled:
            pixel = self.spec.dtype.itemsize * self.spec.array_shape[-1]
            pixels: int = self._found.sizes[self._rows].astype(np.int64).prod(axis=1).sum().item()
            return pixels * pixel
        return len(self) * prod(self.spec.array_shape) * self.spec.dtype.itemsize

    @classmethod
    def joined(cls, stores: Sequence["ImageStore"]) -> "ImageStore":
        """The examples of several stores of one input, one store after the other, without copying pixels."""
        together = _Joined(stores)
        found = Found(
            np.concatenate([store._found.grey[store._rows] for store in stores]),
            np.concatenate([store._found.sizes[store._rows] for store in stores]),
            np.concatenate([store.digests for store in stores]),
            {
                end - len(store) + index: remark
                for end, store in zip(together.ends.tolist(), stores, strict=True)
                for index, remark in store.remarks.items()
            },
        )
        return cls(stores[0].spec, together, found, np.arange(len(found.grey)))

    @property
    def remarks(self) -> dict[int, str]:
        """What is wrong with examples that could be read all the same, by their index."""
        found = self._found.remarks
        return {index: found[row] for index, row in enumerate(self._rows.tolist()) if row in found} if found else {}

    @property
    def all_grey(self) -> bool:
        """Whether all are RGB images, red, green and blue equal in every pixel."""
        return bool(self._found.grey[self._rows].all())


@final
class _Joined:
    """The rows of several stores, one store after the other."""

    def __init__(self, stores: Sequence[ImageStore]) -> None:
        self.stores = stores
        self.ends = np.cumsum([len(store) for store in stores])

    def take(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        spec = self.stores[0].spec
        taken = np.empty((len(rows), *spec.array_shape), spec.dtype)
        owners = np.searchsorted(self.ends, rows, "right")
        for number in np.unique(owners).tolist():
            store, mine = self.stores[number], owners == number
            taken[mine] = store.take(rows[mine] - (self.ends[number] - len(store)))
        return taken

    def source(self, row: int) -> Path | NDArray[Any]:
        store, index = self._owner(row)
        return store.source(index)

    def loaded(self, row: int) -> NDArray[Any]:
        store, index = self._owner(row)
        return store.loaded(np.array([index]))[0]

    def _owner(self, row: int) -> tuple[ImageStore, int]:
        number = int(np.searchsorted(self.ends, row, "right"))
        return self.stores[number], row - int(self.ends[number]) + len(self.stores[number])


@final
class _Other:
    """Other arrays of the examples of a store."""

    def __init__(self, arrays: Store, examples: ImageStore) -> None:
        self.arrays = arrays
        self.examples = examples

    def take(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        return self.arrays.take(rows)

    def loaded(self, row: int) -> NDArray[Any]:
        found: NDArray[Any] = self.arrays.take(np.array([row]))[0]
        return found

    def source(self, row: int) -> Path | NDArray[Any]:
        return self.examples.source(row)


def middle_corners(sizes: Sequence[tuple[int, ...]], tile: tuple[int, int]) -> NDArray[np.int64]:
    """Where the tile in the middle of pictures of such `sizes` (width, height) begins: (pictures, 2), left and top.

    >>> middle_corners([(100, 20)], (32, 32)).tolist()
    [[34, 0]]
    """
    spare = np.array(sizes, np.int64).reshape(-1, 2) - np.array(tile)
    corners: NDArray[np.int64] = np.maximum(spare, 0) // 2
    return corners


def _nobody(count: int) -> None:
    """Hears of progress and does nothing."""
