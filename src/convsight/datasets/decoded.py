"""What decoding finds out about images besides their pixels: their sizes, a digest, which are grey or unreadable."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.inputs import ImageInput, InputSpec


@dataclass(frozen=True)
class Unreadable:
    """An image that could not be decoded: its position and name in the split, and why."""

    position: int
    name: str
    reason: str


@dataclass(frozen=True)
class Found:
    """What decoding found out about each image: whether it is grey, its size before it was fitted, a digest."""

    grey: NDArray[np.bool_]  # (images,): it is RGB, and red, green and blue are equal in every pixel
    sizes: NDArray[np.int32]  # (images, axes): width and height in pixels, or what else the input measures
    digests: NDArray[np.uint64]  # (images,): see `ImageStore.digests`
    remarks: dict[int, str] = field(default_factory=dict)  # what is wrong with rows that could be read all the same


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


def is_rgb(spec: InputSpec) -> bool:
    """Whether the arrays are images of red, green and blue."""
    return isinstance(spec, ImageInput) and spec.is_rgb
