"""`RaggedArrays`: arrays that have each a shape of its own, in memory or in one file."""

from collections.abc import Sequence
from math import prod
from typing import Any, Literal, Self, final

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.pixel_file import PixelFile

_EVEN = 64  # bytes to which each begins: whole cache lines


@final
class RaggedArrays:
    """Room for arrays, each put in once. Safe in threads that put and take different ones."""

    def __init__(self, arrays: list[NDArray[Any] | None], file: PixelFile | None) -> None:
        self._arrays = arrays
        self._file = file

    @classmethod
    def make(
        cls, shapes: Sequence[tuple[int, ...] | None], dtype: np.dtype[Any], memory_bytes: int, *, on_disk: bool
    ) -> Self | None:
        """Room for arrays of about such `shapes`, those that are None unknown; in memory up to `memory_bytes`.

        Else `on_disk`, where that is wished and there is room; else None.
        """
        sizes = [0 if shape is None else prod(shape) * dtype.itemsize for shape in shapes]
        if sum(sizes) <= memory_bytes:
            return cls([None] * len(shapes), None)
        starts = np.concatenate([[0], np.cumsum([-(-size // _EVEN) * _EVEN for size in sizes])]).tolist()
        file = PixelFile.make((max(1, starts[-1]),), np.dtype(np.uint8)) if on_disk else None
        if file is None:
            return None
        places: list[NDArray[Any] | None] = [
            None if shape is None else file.arrays[start : start + size].view(dtype).reshape(shape)
            for shape, start, size in zip(shapes, starts, sizes, strict=False)
        ]
        return cls(places, file)

    @property
    def kept(self) -> Literal["memory", "disk"]:
        """Where most of them are."""
        return "memory" if self._file is None else "disk"

    def put(self, row: int, array: NDArray[Any]) -> None:
        """Keep `array`; in memory where its place in the file is of another shape."""
        place = self._arrays[row] if self._file is not None else None
        if place is None or place.shape != array.shape:
            self._arrays[row] = array
        else:
            place[...] = array

    def __getitem__(self, row: int) -> NDArray[Any]:
        found = self._arrays[row]
        if found is None:
            raise KeyError(f"nothing was put in row {row}")
        return found
