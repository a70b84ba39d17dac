"""The only resize there is: Pillow's antialiased bilinear one."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.pictures.frame import Frame
from convsight.pictures.orientation import Box

Size = tuple[int, int]  # width, height in pixels


def fit_picture(picture: Image.Image, frame: Frame, box: Box | None = None) -> NDArray[np.uint8]:
    """`picture` (mode RGB), or the part of it in `box`, at the network's size: RGB uint8 (height, width, 3).

    `crop` resizes the middle that has the target's proportions, `squash` the whole; `pad` resizes the whole,
    proportions kept, onto the middle of a black target. Numbers are those of Pillow's
    `picture.resize(size, BILINEAR, box=...)`, which antialiases, along rows first, whatever the version of Pillow;
    what already has the size is not touched.

    >>> target = Frame(2, 2, "pad")
    >>> fit_picture(Image.new("RGB", (8, 4), "white"), target)[:, :, 0].tolist()
    [[255, 255], [0, 0]]
    """
    target = (frame.width, frame.height)
    box = box or (0, 0, *picture.size)
    match frame.fit:
        case "crop":
            return _resized(picture, target, _middle(box, target))
        case "squash":
            return _resized(picture, target, box)
        case "pad":
            return _padded(picture, target, box)


def _resized(picture: Image.Image, target: Size, box: Box) -> NDArray[Any]:
    if picture.size == target and box == (0, 0, *target):
        return np.array(picture)
    width, height = picture.size
    left, top, right, bottom = box
    # Pillow 13 begins with the columns of such tall pictures, older ones do not, and between the two passes numbers are
    # rounded: an exported graph can equal only one order.
    if height - target[1] > max(0, 2 * (width - target[0])):
        picture = picture.resize((target[0], height), Image.Resampling.BILINEAR, (left, 0, right, height))
        left, right = 0, target[0]
    return np.array(picture.resize(target, Image.Resampling.BILINEAR, (left, top, right, bottom)))


def _padded(picture: Image.Image, target: Size, box: Box) -> NDArray[np.uint8]:
    width, height = _inside(box, target)
    left, top = (target[0] - width) // 2, (target[1] - height) // 2
    padded = np.zeros((target[1], target[0], 3), np.uint8)
    padded[top : top + height, left : left + width] = _resized(picture, (width, height), box)
    return padded


def _middle(box: Box, target: Size) -> Box:
    """The largest box of the proportions of `target` in the middle of `box`."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    if width * target[1] > height * target[0]:
        margin = (width - height * target[0] / target[1]) / 2
        return left + margin, top, right - margin, bottom
    margin = (height - width * target[1] / target[0]) / 2
    return left, top + margin, right, bottom - margin


def _inside(box: Box, target: Size) -> Size:
    """The largest size with the proportions of `box` that fits into `target`, at least one pixel a side."""
    width, height = box[2] - box[0], box[3] - box[1]
    if width * target[1] > height * target[0]:
        return target[0], max(1, round(height * target[0] / width))
    return max(1, round(width * target[1] / height)), target[1]
