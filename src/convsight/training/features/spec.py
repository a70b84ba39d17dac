"""`FeatureInput`: what layers are given that learn from features instead of images."""

from pathlib import Path
from typing import Any, ClassVar, NoReturn, Self, final

import numpy as np
from numpy.typing import NDArray

from convsight.images import Source
from convsight.inputs import InputGeometry, InputSpec, Loaded
from convsight.inputs.spec import BATCH
from convsight.words import counted


@final
class FeatureInput(InputSpec):
    """Features of one image in a row, float32 (1, numbers, ways). No file holds such a network, and no card this.

    It is seen in one way, or in two: as it is, and mirrored, which is what flipping the last axis makes of it.

    >>> from convsight.inputs import SequenceInput
    >>> given = SequenceInput(length=8, channels=1, mean=(0.0,), std=(1.0,))
    >>> FeatureInput.of(512, instead=given).planes_shape
    (1, 512, 1)
    """

    noun: ClassVar[str] = "features"

    kind: str
    numbers: int
    ways: int = 1

    @classmethod
    def of(cls, numbers: int, instead: InputSpec, ways: int = 1) -> Self:
        """So many features, as they are, where losses look for what is put in `instead`."""
        return cls(kind=instead.kind, numbers=numbers, ways=ways, channels=1, mean=(0.0,), std=(1.0,))

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.float32)

    @property
    def array_shape(self) -> tuple[int, int, int]:
        return 1, self.numbers, self.ways

    @property
    def planes_shape(self) -> tuple[int, int, int]:
        return self.array_shape

    @property
    def free_axes(self) -> dict[int, str]:
        return {0: BATCH}

    @property
    def suffixes(self) -> frozenset[str]:
        return frozenset()

    @property
    def min_std(self) -> float:
        return 1e-6

    def is_file(self, path: Path) -> bool:
        return False

    def original(self, source: Source, max_megapixels: float = 100.0, name: str | None = None) -> NoReturn:
        raise NotImplementedError("features are computed, not read")

    def load(self, source: Source, max_megapixels: float = 100.0, name: str | None = None) -> Loaded:
        raise NotImplementedError("features are computed, not read")

    def takes(self, arrays: NDArray[Any]) -> bool:
        return arrays.dtype == self.dtype and arrays.shape[1:] == self.array_shape

    def size_of(self, array: NDArray[Any]) -> tuple[int, ...]:
        return (self.numbers,)

    def geometry(self, size: tuple[int, ...]) -> InputGeometry:
        raise NotImplementedError("features have no places in the image")

    def scaled(self, arrays: NDArray[Any]) -> NDArray[np.floating[Any]]:
        return arrays.reshape(len(arrays), *self.array_shape)

    @property
    def summary(self) -> str:
        return counted(self.numbers, "feature")
