"""`Warp`: one geometry for each sample of a batch, for images, masks, boxes and points alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from convsight.augmentation.warp_steps import HeightWidth, WarpStep, centres


@final
@dataclass(frozen=True)
class Warp:
    """Steps one after the other; without any, everything stays as it is.

    Places are (batch, ..., 2), x before y, as fractions of the image's sides.
    """

    steps: tuple[WarpStep, ...]

    def size(self, size: HeightWidth) -> HeightWidth:
        """The size (height, width) at which an image of `size` is seen."""
        for step in self.steps:
            size = step.size(size)
        return size

    def images(self, images: Tensor) -> Tensor:
        """Images (batch, channels, height, width) of floats as they are seen, interpolated where that must be."""
        for step in self.steps:
            images = step.images(images)
        return images

    def masks(self, masks: Tensor, ignore_index: int) -> Tensor:
        """Masks (batch, ..., height, width) of whole numbers as they are seen: of each pixel the nearest one's.

        `ignore_index` stands where nothing is known, since no image was there.
        """
        if not self.steps:
            return masks
        height, width = masks.shape[-2:]
        places = self.inverse(centres(self.size((height, width)), masks))
        columns, rows = (places * places.new_tensor([width, height])).floor().long().unbind(-1)
        known = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
        nearest = rows.clamp(0, height - 1) * width + columns.clamp(0, width - 1)
        count, *between = masks.shape[:-2]
        flat = masks.reshape(count, -1, height * width)
        seen = flat.gather(2, nearest.flatten(1)[:, None].expand(-1, flat.shape[1], -1))
        seen = torch.where(known.flatten(1)[:, None], seen, ignore_index)
        return seen.reshape(count, *between, *nearest.shape[1:])

    def boxes(self, boxes: Tensor) -> Tensor:
        """The least upright boxes (batch, ..., 4) around `boxes` as they are seen; they may reach out of the image.

        Boxes are x and y of the corners at the top left and the bottom right.
        """
        upright = all(step.upright for step in self.steps)
        corners = boxes if upright else boxes[..., [0, 1, 2, 1, 2, 3, 0, 3]]
        seen = self.points(corners.reshape(*corners.shape[:-1], -1, 2))
        return torch.cat([seen.amin(dim=-2), seen.amax(dim=-2)], dim=-1)

    def points(self, points: Tensor) -> Tensor:
        """Where points (batch, ..., 2) are seen; that may be out of the image."""
        for step in self.steps:
            points = step.forward(points)
        return points

    def inverse(self, points: Tensor) -> Tensor:
        """Which points (batch, ..., 2) of the image as it is are seen at `points`."""
        for step in reversed(self.steps):
            points = step.backward(points)
        return points

    def swapped(self, values: Tensor, pairs: Sequence[tuple[int, int]], axis: int) -> Tensor:
        """`values` (batch, ...), the `pairs` of positions along `axis` exchanged in each sample that is mirrored.

        In a mirror image what was a left hand is a right one. Mirrored along both axes it is one that is turned, and
        stays what it is.
        """
        order = torch.arange(values.shape[axis], device=values.device)
        for left, right in pairs:
            order[left], order[right] = right, left
        for step in self.steps:
            if step.mirrored is not None:
                mirrored = step.mirrored.reshape(-1, *[1] * (values.dim() - 1))
                values = torch.where(mirrored, values.index_select(axis, order), values)
        return values
