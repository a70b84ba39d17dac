"""`VolumeInput`: images with a depth, such as those of CT and MRI."""

from typing import Any, ClassVar, Literal, final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from convsight.images import ImageError, Source
from convsight.inputs.array_file import ARRAY_SUFFIXES, read_array
from convsight.inputs.levels import Levels
from convsight.inputs.loaded import Loaded
from convsight.inputs.middle import MiddleGeometry, cut_to_middle
from convsight.inputs.spec import BATCH, InputSpec
from convsight.words import counted


@final
class VolumeInput(Levels, InputSpec):
    """Arrays (depth, height, width, channels), the last axis left out where there is one channel.

    A volume keeps its scale: what is larger is cut to its middle, what is smaller lies between borders of `low`.
    """

    noun: ClassVar[str] = "volume"

    kind: Literal["volume"] = "volume"
    depth: int = Field(ge=1, le=8192)
    height: int = Field(ge=1, le=8192)
    width: int = Field(ge=1, le=8192)

    @property
    def array_shape(self) -> tuple[int, int, int, int]:
        return self.depth, self.height, self.width, self.channels

    @property
    def planes_shape(self) -> tuple[int, int, int, int]:
        return self.channels, self.depth, self.height, self.width

    @property
    def free_axes(self) -> dict[int, str]:
        return {0: BATCH, 1: "depth", 2: "height", 3: "width"}

    @property
    def suffixes(self) -> frozenset[str]:
        return ARRAY_SUFFIXES

    def load(self, source: Source, max_megapixels: float = 100.0, name: str | None = None) -> Loaded:
        volume = self.original(source, max_megapixels, name)
        return Loaded(cut_to_middle(volume, self.array_shape[:3], (0, 1, 2), self.low), self.size_of(volume))

    def original(self, source: Source, max_megapixels: float = 100.0, name: str | None = None) -> NDArray[Any]:
        volume = read_array(source, max_megapixels * 1e6 * self.channels, name)
        if volume.ndim == 3 and self.channels == 1:
            volume = volume[..., None]
        shapes = f"(depth, height, width, {self.channels})" + " or (depth, height, width)" * (self.channels == 1)
        if volume.ndim != 4 or volume.shape[3] != self.channels:
            raise ImageError(f"{name or 'the array'} has a shape of {volume.shape}; expected {shapes}")
        return self._checked(volume, name, shapes)

    def takes(self, arrays: NDArray[Any]) -> bool:
        shape = self.array_shape[:3] if arrays.ndim == 4 and self.channels == 1 else self.array_shape
        return arrays.dtype == self.dtype and arrays.shape[1:] == shape

    def size_of(self, array: NDArray[Any]) -> tuple[int, int, int]:
        return array.shape[2], array.shape[1], array.shape[0]

    def geometry(self, size: tuple[int, ...]) -> MiddleGeometry:
        return MiddleGeometry(size, (self.width, self.height, self.depth), channels_last=True, border=self.low)

    def scaled(self, arrays: NDArray[Any]) -> NDArray[np.floating[Any]]:
        return self._shares(np.moveaxis(arrays, -1, 1))

    @property
    def summary(self) -> str:
        return f"volumes of {self.depth} x {self.height} x {self.width} voxels, {counted(self.channels, 'channel')}"
