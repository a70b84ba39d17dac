"""Where an `ImageStore` has its arrays: in memory, in a file, whole, decoded on demand, or given by another."""

from math import prod
from pathlib import Path
from typing import Any, Protocol, Self, final

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.dataset import Images
from convsight.datasets.decoded import Found, digest, is_grey, is_rgb
from convsight.datasets.pixel_file import PixelFile
from convsight.datasets.ragged import RaggedArrays
from convsight.datasets.threads import map_in_threads
from convsight.images import image_size
from convsight.inputs import InputSpec, Loaded


class Store(Protocol):
    """Arrays by row: (rows, *array_shape)."""

    def take(self, rows: NDArray[np.int64]) -> NDArray[Any]: ...


class Rows(Store, Protocol):
    """Loaded arrays, and what they were loaded from."""

    def source(self, row: int) -> Path | NDArray[Any]: ...
    def loaded(self, row: int) -> NDArray[Any]: ...


@final
class Held:
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

    def found(self) -> Found:
        """What there is to know of examples that came as the network takes them."""
        if not is_rgb(self.spec):
            grey = np.zeros(len(self.arrays), np.bool_)
        elif self.arrays.ndim == 3:
            grey = np.ones(len(self.arrays), np.bool_)
        else:
            grey = np.array([is_grey(each) for each in self.arrays])
        size = self.spec.size_of(np.empty(self.spec.array_shape, np.uint8))
        sizes = np.broadcast_to(np.array(size, np.int32), (len(self.arrays), len(size)))
        digests = [digest(each, size, plain) for each, plain in zip(self.arrays, grey.tolist(), strict=True)]
        return Found(grey, sizes, np.array(digests, np.uint64))


@final
class OnDemand:
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


@final
class Whole:
    """Whole pictures, each of its own size."""

    def __init__(self, source: OnDemand, arrays: RaggedArrays) -> None:
        self.arrays = arrays
        self._source = source

    @classmethod
    def of(cls, source: OnDemand, memory_bytes: int, on_disk: bool) -> Self | None:
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
