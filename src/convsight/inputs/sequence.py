"""`SequenceInput`: numbers in time, such as skeletons, accelerations or readings of sensors."""

from typing import Any, ClassVar, Literal, final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from convsight.images import ImageError, Source
from convsight.inputs.array_file import ARRAY_SUFFIXES, read_array
from convsight.inputs.loaded import Loaded
from convsight.inputs.middle import MiddleGeometry, cut_to_middle
from convsight.inputs.spec import BATCH, InputSpec
from convsight.words import counted


class Timed(InputSpec):
    """Float32 arrays (channels, length), or (length,) of one channel: the middle of long ones, zeros around short."""

    length: int = Field(ge=1, le=2**24)

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.float32)

    @property
    def array_shape(self) -> tuple[int, int]:
        return self.channels, self.length

    @property
    def free_axes(self) -> dict[int, str]:
        return {0: BATCH, 2: "length"}

    @property
    def min_std(self) -> float:
        return 1e-6

    @property
    def suffixes(self) -> frozenset[str]:
        return ARRAY_SUFFIXES

    def load(self, source: Source, max_megapixels: float = 100.0, name: str | None = None) -> Loaded:
        values = self.original(source, max_megapixels, name)
        return Loaded(cut_to_middle(values, [self.length], [1]), self.size_of(values))

    def original(self, source: Source, max_megapixels: float = 100.0, name: str | None = None) -> NDArray[Any]:
        values = read_array(source, max_megapixels * 1e6 * self.channels, name)
        if values.ndim == 1 and self.channels == 1:
            values = values[None]
        shapes = f"({self.channels}, length)" + " or (length,)" * (self.channels == 1)
        if values.ndim != 2 or values.shape[0] != self.channels:
            raise ImageError(f"{name or 'the array'} has a shape of {values.shape}; expected {shapes}")
        return self._checked(values, name, shapes)

    def takes(self, arrays: NDArray[Any]) -> bool:
        shape = (self.length,) if arrays.ndim == 2 and self.channels == 1 else self.array_shape
        return arrays.dtype == self.dtype and arrays.shape[1:] == shape

    def size_of(self, array: NDArray[Any]) -> tuple[int, ...]:
        return (array.shape[-1],)

    def geometry(self, size: tuple[int, ...]) -> MiddleGeometry:
        return MiddleGeometry(size, (self.length,), channels_last=False)


@final
class SequenceInput(Timed):
    """Numbers as they are, so that mean and std are in their own units."""

    noun: ClassVar[str] = "sequence"

    kind: Literal["sequence"] = "sequence"

    @property
    def planes_shape(self) -> tuple[int, int]:
        return self.array_shape

    def scaled(self, arrays: NDArray[Any]) -> NDArray[np.floating[Any]]:
        return arrays.reshape(len(arrays), *self.array_shape)

    @property
    def summary(self) -> str:
        return f"sequences of {self.length:,} steps, {counted(self.channels, 'channel')}"
