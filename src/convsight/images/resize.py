"""The only resize there is: Pillow's antialiased one, bilinear or bicubic."""

from math import floor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.images.input_size import InputSize, ResizeFilter
from convsight.images.orientation import CropBox

Size = tuple[int, int]  # width, height in pixels

_FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
_LONGEST = 8  # times the shorter side: of longer images only what is kept is resized, since the rest may be huge


def resize_image(image: Image.Image, input_size: InputSize, box: CropBox | None = None) -> NDArray[np.uint8]:
    """`image` (mode RGB), or the part of it in `box`, at the network's size: RGB uint8 (height, width, 3).

    `crop` resizes the middle that has the target's proportions, `squash` the whole; `pad` resizes the whole,
    proportions kept, onto the middle of a black target; `tile` keeps the scale, and only adds black on the right and
    below where a side is shorter than the target's. Numbers are those of Pillow's
    `image.resize(size, BILINEAR, box=...)`, which antialiases, along rows first, whatever the version of Pillow;
    what already has the size is not touched. With `input_size.shorter` they are those of torchvision's `Resize` and
    `CenterCrop`.

    >>> target = InputSize(2, 2, "pad")
    >>> resize_image(Image.new("RGB", (8, 4), "white"), target)[:, :, 0].tolist()
    [[255, 255], [0, 0]]
    """
    return _fitted(image, input_size, box or (0, 0, *image.size), 0)


def fit_planes(image: NDArray[Any], input_size: InputSize, border: float = 0) -> NDArray[Any]:
    """`image` (height, width, channels) of uint8, uint16 or float32 at the network's size, of the same type.

    Every channel is fitted as by `resize_image`; borders of `pad` have the value `border`. Of uint8 the numbers are
    those of `resize_image`; the others are resized in Pillow's 32-bit floating point, whole numbers rounded at the end.

    >>> fit_planes(np.full((4, 8, 5), 1000, np.uint16), InputSize(2, 2, "pad"), 7)[:, :, 4].tolist()
    [[1000, 1000], [7, 7]]
    """
    if input_size.fit == "tile":
        return _at_least(image, (input_size.width, input_size.height), border)
    if image.shape[:2] == (input_size.height, input_size.width) and not input_size.shorter:
        return np.ascontiguousarray(image).copy()
    computed = image if image.dtype == np.uint8 else image.astype(np.float32)
    whole = (0, 0, image.shape[1], image.shape[0])
    planes = [
        _fitted(Image.fromarray(np.ascontiguousarray(computed[:, :, channel])), input_size, whole, border)
        for channel in range(image.shape[2])
    ]
    fitted = np.stack(planes, axis=2)
    return np.rint(fitted).astype(np.uint16) if image.dtype == np.uint16 else fitted


def middle(box: CropBox, target: Size) -> CropBox:
    """The largest box of the proportions of `target` in the middle of `box`: what `crop` keeps."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    if width * target[1] > height * target[0]:
        margin = (width - height * target[0] / target[1]) / 2
        return left + margin, top, right - margin, bottom
    margin = (height - width * target[1] / target[0]) / 2
    return left, top + margin, right, bottom - margin


def inside(box: CropBox, target: Size) -> Size:
    """The largest size with the proportions of `box` that fits into `target`: what `pad` fills, at least one pixel."""
    width, height = box[2] - box[0], box[3] - box[1]
    if width * target[1] > height * target[0]:
        return target[0], max(1, round(height * target[0] / width))
    return max(1, round(width * target[1] / height)), target[1]


def scaled(box: CropBox, shorter: int) -> Size:
    """The size of `box` where its shorter side has `shorter` pixels; the longer side is rounded down.

    >>> scaled((0, 0, 500, 375), 256)
    (341, 256)
    """
    width, height = box[2] - box[0], box[3] - box[1]
    least = min(width, height)
    return floor(shorter * width / least), floor(shorter * height / least)


def corner(made: Size, target: Size) -> Size:
    """Where the middle of the size `target` begins in an image of the size `made`: half pixels to the even one."""
    return round((made[0] - target[0]) / 2), round((made[1] - target[1]) / 2)


def _fitted(image: Image.Image, input_size: InputSize, box: CropBox, border: float) -> NDArray[Any]:
    target, how = (input_size.width, input_size.height), input_size.filter
    match input_size.fit:
        case "crop" if input_size.shorter:
            return _cut(image, target, box, input_size.shorter, how)
        case "crop":
            return _resized(image, target, middle(box, target), how)
        case "squash":
            return _resized(image, target, box, how)
        case "pad":
            return _padded(image, target, box, border, how)
        case "tile":
            return _at_least(np.asarray(image), target, border)


def _at_least(values: NDArray[Any], target: Size, border: float) -> NDArray[Any]:
    """A copy of `values` (height, width, ...), with borders on the right and below where a side is shorter."""
    height, width = values.shape[:2]
    found = np.full((max(height, target[1]), max(width, target[0]), *values.shape[2:]), border, values.dtype)
    found[:height, :width] = values
    return found


def _cut(image: Image.Image, target: Size, box: CropBox, shorter: int, how: ResizeFilter) -> NDArray[Any]:
    """The middle of `box` after its shorter side was resized to `shorter`."""
    made = scaled(box, shorter)
    left, top = corner(made, target)
    if max(made) <= _LONGEST * shorter:
        return np.ascontiguousarray(
            _resized(image, made, box, how)[top : top + target[1], left : left + target[0]],
        )
    across, down = (box[2] - box[0]) / made[0], (box[3] - box[1]) / made[1]  # pixels of the image to one made
    kept = left * across, top * down, (left + target[0]) * across, (top + target[1]) * down
    return _resized(image, target, (box[0] + kept[0], box[1] + kept[1], box[0] + kept[2], box[1] + kept[3]), how)


def _resized(image: Image.Image, target: Size, box: CropBox, how: ResizeFilter) -> NDArray[Any]:
    if image.size == target and box == (0, 0, *target):
        return np.array(image)
    width, height = image.size
    left, top, right, bottom = box
    # Pillow 13 begins with the columns of such tall images, older ones do not, and between the two passes numbers are
    # rounded: an exported graph can equal only one order.
    if height - target[1] > max(0, 2 * (width - target[0])):
        image = image.resize((target[0], height), _FILTERS[how], (left, 0, right, height))
        left, right = 0, target[0]
    return np.array(image.resize(target, _FILTERS[how], (left, top, right, bottom)))


def _padded(image: Image.Image, target: Size, box: CropBox, border: float, how: ResizeFilter) -> NDArray[Any]:
    width, height = inside(box, target)
    left, top = (target[0] - width) // 2, (target[1] - height) // 2
    resized = _resized(image, (width, height), box, how)
    padded = np.full((target[1], target[0], *resized.shape[2:]), border, resized.dtype)
    padded[top : top + height, left : left + width] = resized
    return padded
