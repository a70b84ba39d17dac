"""`InputSpec`: what is put into a network."""

from abc import ABC, abstractmethod
from math import isfinite, prod
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from convsight.images import ImageError, Source
from convsight.inputs.byte_order import native
from convsight.inputs.geometry import InputGeometry
from convsight.inputs.loaded import Loaded
from convsight.words import quoted

BATCH = "batch"
_LARGEST = 2**28  # numbers in one example: 1 GiB as float32


class InputSpec(BaseModel, ABC):
    """What a network is given. It stands on the card, so that a model file alone tells how to make its input.

    Every kind has a `kind` that tells it from the others in JSON. Abstract or final. The way of an example:

    - `load` makes an array of `array_shape` and `dtype` of whatever the user names; data sets and engines hold these;
    - the deployed graph takes arrays with `free_axes`, does the rest of `load`, and goes on as
    - `scaled`: numbers of about 0..1 (batch, *planes_shape), less `mean` and divided by `std`, a value a channel.
      `nets.input_layers` holds the graph's side of it, to the same numbers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # What the exported graph's input is called.
    graph_name: ClassVar[str] = "inputs"
    # What one example is called.
    noun: ClassVar[str]

    # The word for the kind, in JSON and as the input's name in a batch; each has its own.
    kind: str
    channels: int = Field(ge=1, le=65_536)
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @property
    @abstractmethod
    def dtype(self) -> np.dtype[Any]:
        """Of a loaded array."""

    @property
    @abstractmethod
    def array_shape(self) -> tuple[int, ...]:
        """Of one loaded array."""

    @property
    @abstractmethod
    def planes_shape(self) -> tuple[int, ...]:
        """Of one example as the network's first layer sees it: channels, then positions."""

    @property
    @abstractmethod
    def free_axes(self) -> dict[int, str]:
        """The axes of the deployed graph's input whose length is not fixed, and what each is called."""

    @property
    @abstractmethod
    def suffixes(self) -> frozenset[str]:
        """Of the files that hold originals, in lower case."""

    @property
    @abstractmethod
    def min_std(self) -> float:
        """The standard deviation stated for a channel that hardly varies: nothing must be divided by 0."""

    def is_file(self, path: Path) -> bool:
        """Whether the name of `path` is that of an original; the disk is not looked at. Hidden files are none."""
        return path.name.lower().endswith(tuple(self.suffixes)) and not path.name.startswith(".")

    def is_whole(self, folder: Path) -> bool:
        """Whether a folder is one original, not a place for some: of most inputs none is."""
        return False

    @abstractmethod
    def original(self, source: Source, max_megapixels: float = 100.0, name: str | None = None) -> NDArray[Any]:
        """The whole of one example, as the deployed graph takes it; `name` is what errors call it. Safe in threads.

        Raises `ImageError` where it is missing, damaged, larger than `max_megapixels` (millions of positions), or
        nothing that this input can be made of.
        """

    @abstractmethod
    def load(self, source: Source, max_megapixels: float = 100.0, name: str | None = None) -> Loaded:
        """What is left of the `original` at the network's size: the caller's own array, contiguous. Errors are its."""

    @abstractmethod
    def takes(self, arrays: NDArray[Any]) -> bool:
        """Whether `arrays`, whose first axis counts examples, are what `load` would make of each."""

    @abstractmethod
    def size_of(self, array: NDArray[Any]) -> tuple[int, ...]:
        """The sides of an original, in the order of `InputGeometry`'s coordinates."""

    @abstractmethod
    def geometry(self, size: tuple[int, ...]) -> InputGeometry:
        """The way from an original of `size` into the array and back."""

    @abstractmethod
    def scaled(self, arrays: NDArray[Any]) -> NDArray[np.floating[Any]]:
        """Loaded arrays (batch, *array_shape) as numbers of about 0..1: (batch, *planes_shape)."""

    @property
    @abstractmethod
    def summary(self) -> str:
        """What is put in, in a few words."""

    @property
    def is_tiled(self) -> bool:
        """Whether originals keep their scale and size when they are loaded, and a network is given tiles of them."""
        return False

    @property
    def positions(self) -> int:
        """How many positions every channel has: pixels, samples."""
        return prod(self.planes_shape[1:])

    def _checked(self, array: NDArray[Any], name: str | None, shapes: str) -> NDArray[Any]:
        """`array` in the machine's byte order and in `dtype`; raises `ImageError` where that would change its values.

        `shapes` says in words which shapes are expected.
        """
        wanted, array = self.dtype, native(array)
        # Any number may become floating point, but no whole number of another type, which has another range.
        fits = array.dtype == wanted or (wanted.kind == "f" and array.dtype.kind in "fui")
        if not fits or 0 in array.shape:
            raise ImageError(
                f"{name or 'the array'} is {array.dtype} of shape {array.shape}; expected {wanted} of shape {shapes}"
            )
        array = array.astype(wanted, copy=False)
        if wanted.kind == "f" and not np.isfinite(array).all():
            raise ImageError(f"{name or 'the array'} holds NaN or infinite values; replace them by numbers")
        return array

    @model_validator(mode="after")
    def _one_value_a_channel(self) -> Self:
        if not len(self.mean) == len(self.std) == self.channels:
            found = f"{quoted(self.mean)} and {quoted(self.std)}"
            raise ValueError(f"{self.channels} channels need as many means and stds, not {found}")
        if min(self.std) <= 0 or not all(map(isfinite, (*self.mean, *self.std))):
            raise ValueError(
                f"mean must be numbers, and std must be positive, not {quoted(self.mean)}, {quoted(self.std)}"
            )
        return self

    @model_validator(mode="after")
    def _fits_into_memory(self) -> Self:
        for shape in (self.array_shape, self.planes_shape):
            if prod(shape) > _LARGEST:
                raise ValueError(f"an input of {' x '.join(map(str, shape))} has over {_LARGEST:,} numbers")
        return self
