"""`ImageStore`: the examples of a split as the network takes them, decoded once where memory or disk allow."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from pathlib import Path
from typing import Any, Literal, Protocol, Self, final

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.dataset import Images, Split
from convsight.datasets.pixel_file import PixelFile
from convsight.datasets.ragged import RaggedArrays
from convsight.datasets.threads import map_in_threads
from convsight.images import ImageError, image_size
from convsight.inputs import ImageInput, InputSpec, Loaded
from convsight.memory import available_memory_bytes

_CHUNK, _LARGEST_CHUNK = 4, 64  # images a thread takes at a time: more of very many, of which each takes little
_MANY = 5_000
_MEMORY_SHARE = 4  # by default a quarter of what is available, since there are three splits and a network


Kept = Literal["memory", "disk", "nowhere"]


@dataclass(frozen=True)
class Unreadable:
    """An image that could not be decoded: its position and name in the split, and why."""

    position: int
    name: str
    reason: str


class Store(Protocol):
    """Arrays by row: (rows, *array_shape)."""

    def take(self, rows: NDArray[np.int64]) -> NDArray[Any]: ...


class _Store(Store, Protocol):
    """Loaded arrays, and what they were loaded from."""

    def source(self, row: int) -> Path | NDArray[Any]: ...
    def loaded(self, row: int) -> NDArray[Any]: ...


@dataclass(frozen=True)
class _Found:
    """What decoding found out about each image: whether it is grey, its size before it was fitted, a digest."""

    grey: NDArray[np.bool_]  # (images,): it is RGB, and red, green and blue are equal in every pixel
    sizes: NDArray[np.int32]  # (images, axes): width and height in pixels, or what else the input measures
    digests: NDArray[np.uint64]  # (images,): see `ImageStore.digests`
    remarks: dict[int, str] = field(default_factory=dict)  # what is wrong with rows that could be read all the same


@final
@dataclass(frozen=True, eq=False)
class ImageStore:
    """The examples of a split that can be read, as the arrays that `spec` makes of each: RGB images, most often.

    Made by `read`. The arrays stay in memory where they fit the budget; where not they are kept in a file, if that is
    asked for, or decoded again on demand. The predictions are the same. Safe in threads.
    """

    spec: InputSpec
    _store: _Store
    _found: _Found
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
            given = _Held(split.images, spec, split.images)
            tell(len(split))
            return cls(spec, given, given.found(), np.arange(len(split))), []
        budget = available_memory_bytes() // _MEMORY_SHARE if memory_budget_bytes is None else memory_budget_bytes
        source = _OnDemand(split.images, spec, max_megapixels, workers)
        held: _Held | _Whole | None = None
        if spec.is_tiled:
            held = _Whole.of(source, budget, on_disk)
        elif source.needed_bytes <= budget:
            held = _Held.empty(split.images, spec)
        elif on_disk and (file := PixelFile.make((len(split), *spec.array_shape), spec.dtype)):
            held = _Held(file.arrays, spec, split.images, file)
        found, unreadable = _decode_all(source, split.names, held, tell)
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
        found = _Found(self._found.grey[rows], self._found.sizes[rows], self._found.digests[rows], remarks)
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
        if isinstance(self._store, _Held):
            return "memory" if self._store.file is None else "disk"
        if isinstance(self._store, _Whole):
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
        found = _Found(
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
class _Held:
    """Arrays in memory, or in a `file`: (rows, *array_shape), of one channel perhaps without an axis for it."""

    def __init__(self, arrays: NDArray[Any], spec: InputSpec, sources: Images, file: PixelFile | None = None) -> None:
        self.arrays = arrays
        self.file = file
        self.spec = spec
        self.sources = sources

    @classmethod
    def empty(cls, sources: Images, spec: InputSpec) -> Self:
        """Room for the arrays of `sources`."""
        return cls(np.empty((len(sources), *spec.array_shape), spec.dtype), spec, sources)

    def source(self, row: int) -> Path | NDArray[Any]:
        return self.sources[row]

    def take(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        chosen = self.arrays[rows] if self.file is None else self.file.take(rows)
        if chosen.shape[1:] == self.spec.array_shape:
            return chosen
        if prod(chosen.shape[1:]) == prod(self.spec.array_shape):
            return chosen.reshape(len(rows), *self.spec.array_shape)
        return np.repeat(chosen[..., None], 3, axis=3)  # grey, held as RGB

    def loaded(self, row: int) -> NDArray[Any]:
        found: NDArray[Any] = self.take(np.array([row]))[0]
        return found

    def put(self, row: int, array: NDArray[Any]) -> None:
        """Keep the array of a row."""
        self.arrays[row] = array

    def found(self) -> _Found:
        """What there is to know of examples that came as the network takes them."""
        if not _is_rgb(self.spec):
            grey = np.zeros(len(self.arrays), np.bool_)
        elif self.arrays.ndim == 3:
            grey = np.ones(len(self.arrays), np.bool_)
        else:
            grey = np.array([is_grey(each) for each in self.arrays])
        size = self.spec.size_of(np.empty(self.spec.array_shape, np.uint8))
        sizes = np.broadcast_to(np.array(size, np.int32), (len(self.arrays), len(size)))
        digests = [digest(each, size, plain) for each, plain in zip(self.arrays, grey.tolist(), strict=True)]
        return _Found(grey, sizes, np.array(digests, np.uint64))


@final
class _Whole:
    """Whole pictures, each of its own size."""

    def __init__(self, source: "_OnDemand", arrays: RaggedArrays) -> None:
        self.arrays = arrays
        self._source = source

    @classmethod
    def of(cls, source: "_OnDemand", memory_bytes: int, on_disk: bool) -> Self | None:
        """Room for the pictures of `source`; None where there is none."""
        least = source.spec.array_shape
        sizes = (image_size(image) for image in source.images)
        shapes = [size and (max(size[1], least[0]), max(size[0], least[1]), *least[2:]) for size in sizes]
        arrays = RaggedArrays.make(shapes, source.spec.dtype, memory_bytes, on_disk=on_disk)
        return None if arrays is None else cls(source, arrays)

    def source(self, row: int) -> Path | NDArray[Any]:
        return self._source.source(row)

    def take(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        return np.stack([self.loaded(row) for row in rows.tolist()])

    def loaded(self, row: int) -> NDArray[Any]:
        return self.arrays[row]

    def put(self, row: int, array: NDArray[Any]) -> None:
        """Keep the array of a row."""
        self.arrays.put(row, array)


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


@final
class _OnDemand:
    """Images decoded whenever they are asked for."""

    def __init__(self, images: Images, spec: InputSpec, max_megapixels: float, workers: int) -> None:
        self.images = images
        self.spec = spec
        self.max_megapixels = max_megapixels
        self.workers = workers

    def source(self, row: int) -> Path | NDArray[Any]:
        return self.images[row]

    @property
    def needed_bytes(self) -> int:
        return len(self.images) * prod(self.spec.array_shape) * self.spec.dtype.itemsize

    def load(self, row: int) -> Loaded:
        return self.spec.load(self.images[row], self.max_megapixels)

    def loaded(self, row: int) -> NDArray[Any]:
        return self.load(row).array

    def take(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        taken = np.empty((len(rows), *self.spec.array_shape), self.spec.dtype)
        for place, image in enumerate(map_in_threads(self.load, rows.tolist(), min(self.workers, len(rows)))):
            taken[place] = image.array
        return taken


def _decode_all(
    source: _OnDemand, names: Sequence[str], held: _Held | _Whole | None, tell: Callable[[int], object]
) -> tuple[_Found, list[Unreadable]]:
    """Decode each image, into `held` if there is such."""
    axes = len(source.spec.size_of(np.empty(source.spec.array_shape, np.uint8)))
    count = len(names)
    found = _Found(np.zeros(count, np.bool_), np.zeros((count, axes), np.int32), np.zeros(count, np.uint64))
    rgb = _is_rgb(source.spec)

    def decode(rows: range) -> tuple[int, list[Unreadable]]:
        bad = []
        for row in rows:
            try:
                image = source.load(row)
            except ImageError as error:
                bad.append(Unreadable(row, names[row], str(error)))
                continue
            found.grey[row] = rgb and is_grey(image.array)
            found.sizes[row] = image.size
            found.digests[row] = digest(image.array, image.size, bool(found.grey[row]))
            if image.remark:
                found.remarks[row] = image.remark
            if held is not None:
                held.put(row, image.array)
        return len(rows), bad

    unreadable: list[Unreadable] = []
    chunk = _CHUNK if len(names) < _MANY else _LARGEST_CHUNK
    chunks = (range(start, min(start + chunk, len(names))) for start in range(0, len(names), chunk))
    for count, bad in map_in_threads(decode, chunks, source.workers):
        unreadable += bad
        tell(count)
    return found, unreadable


def middle_corners(sizes: Sequence[tuple[int, ...]], tile: tuple[int, int]) -> NDArray[np.int64]:
    """Where the tile in the middle of pictures of such `sizes` (width, height) begins: (pictures, 2), left and top.

    >>> middle_corners([(100, 20)], (32, 32)).tolist()
    [[34, 0]]
    """
    spare = np.array(sizes, np.int64).reshape(-1, 2) - np.array(tile)
    corners: NDArray[np.int64] = np.maximum(spare, 0) // 2
    return corners


def is_grey(image: NDArray[np.uint8]) -> bool:
    """Whether red, green and blue are equal in every pixel of (height, width, 3)."""
    first = image[0].tobytes()  # which says enough of most that are not
    if first[::3] != first[1::3]:
        return False
    return bool((image[..., 0] == image[..., 1]).all() and (image[..., 1] == image[..., 2]).all())


def digest(array: NDArray[Any], size: Sequence[int], grey: bool) -> int:
    """64 bits that tell a loaded `array`, whose original had `size`, from others; of a `grey` one a plane is enough."""
    plane = array[..., 0] if grey and array.ndim > 2 else array
    seen = hashlib.sha256(f"{array.dtype.str} {' '.join(map(str, size))} ".encode(), usedforsecurity=False)
    seen.update(np.ascontiguousarray(plane).data)
    return int.from_bytes(seen.digest()[:8], "big")


def _is_rgb(spec: InputSpec) -> bool:
    return isinstance(spec, ImageInput) and spec.is_rgb


def _nobody(count: int) -> None:
    """Hears of progress and does nothing."""
