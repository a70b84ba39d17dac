"""Images that a program holds: arrays, tensors, PIL images, and what gives them."""

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any, Self, final, overload

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.dataset import Selectable
from convsight.errors import UserError
from convsight.foreign import is_tensor
from convsight.images import Source, decode_image
from convsight.images.tensors import array_of_tensor, channels_last, pixels_of_floats
from convsight.inputs import native

_CHANNELS = frozenset({1, 3})


@final
class HeldPictures(Selectable):
    """RGB images of any sizes, each made by `give` when it is asked for, one at a time whatever thread asks."""

    def __init__(self, give: Callable[[int], Any], positions: Sequence[int]) -> None:
        self._give = give
        self._positions = positions
        self._alone = Lock()  # datasets of others are seldom safe in threads

    @classmethod
    def of(cls, images: Sequence[Any]) -> Self:
        """Those of a list."""
        return cls(images.__getitem__, range(len(images)))

    def __len__(self) -> int:
        return len(self._positions)

    @overload
    def __getitem__(self, index: int) -> NDArray[Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[NDArray[Any]]: ...
    def __getitem__(self, index: int | slice) -> NDArray[Any] | list[NDArray[Any]]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        with self._alone:
            image = self._give(self._positions[index])
        return np.asarray(decode_image(source_of(image, f"image {index}")))

    def select(self, positions: NDArray[np.integer[Any]]) -> Self:
        return type(self)(self._give, [self._positions[int(place)] for place in positions])


def source_of(image: Any, name: str) -> Source:
    """An image of a program as what is decoded; raises `ImageError` for numbers that are no pixels."""
    if not is_tensor(image):
        return image  # type: ignore[no-any-return]
    array = channels_last(array_of_tensor(image), 3, _CHANNELS)
    return pixels_of_floats(array, name) if array.dtype.kind == "f" else array


def array_of_images(images: Any) -> NDArray[Any]:
    """An array or tensor of many images as data sets hold it: 8 or 16 bits or float32, channels last.

    Whole numbers of other types become 8 bits where they fit. Raises `UserError` where they do not, and for shapes that
    are not those of images.
    """
    tensor = is_tensor(images)
    array = native(channels_last(array_of_tensor(images), 3, _CHANNELS) if tensor else images)
    if array.ndim not in {3, 4} or 0 in array.shape:
        raise UserError(f"images of shape {array.shape}: give (images, height, width[, channels])")
    if tensor and array.dtype.kind == "f":
        return pixels_of_floats(array, "the tensor of images")
    if array.dtype in (np.uint8, np.uint16, np.float32):
        return np.asarray(array)
    if array.dtype.kind == "f":
        return array.astype(np.float32)
    if array.dtype.kind not in "iub" or int(array.min()) < 0 or int(array.max()) > 255:
        raise UserError(f"images of {array.dtype} from {array.min()} to {array.max()}: give uint8, uint16 or float32")
    return array.astype(np.uint8)
