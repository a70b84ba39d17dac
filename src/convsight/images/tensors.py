"""PyTorch's tensors as arrays, whoever made them, without PyTorch itself."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.images.errors import ImageError


def array_of_tensor(tensor: Any) -> NDArray[Any]:
    """The numbers of a tensor, wherever they lie, in its own layout; bfloat16 as float32."""
    held = tensor.detach().cpu()
    return np.asarray(held.float().numpy() if str(held.dtype) == "torch.bfloat16" else held.numpy())


def channels_last(array: NDArray[Any], axes: int, channels: frozenset[int]) -> NDArray[Any]:
    """Examples of `axes` axes each, or a batch of them, with the axis of so many `channels` last.

    PyTorch has it first. Where both could be meant, its way counts.

    >>> channels_last(np.zeros((8, 3, 20, 30)), 3, frozenset({1, 3})).shape
    (8, 20, 30, 3)
    """
    first = array.ndim - axes
    if first in {0, 1} and array.shape[first] in channels:
        return np.moveaxis(array, first, -1)
    return array


def pixels_of_floats(array: NDArray[Any], name: str) -> NDArray[np.uint8]:
    """Pixels 0..255 of floating point numbers 0..1, as torchvision's `ToTensor` makes them of 8 bits.

    Raises `ImageError` for other numbers, such as those of a tensor that was normalised already.
    """
    low, high = (float(array.min()), float(array.max())) if array.size else (0.0, 0.0)
    if not (low >= 0 and high <= 1):  # NaN fails both
        raise ImageError(
            f"{name} holds numbers from {low:.3g} to {high:.3g}; give pixels as uint8, or as 0..1, without Normalize: "
            "the model does that itself"
        )
    return np.round(array * 255).astype(np.uint8)
