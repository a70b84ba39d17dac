"""Kinds of targets: what is true of a sample, and how it follows when the sample's image is warped.

A task names its targets and says of each its kind. It may add a kind of its own: a `TargetKind`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor
from torch.nn import functional as F

from convsight.augmentation.warp import Warp
from convsight.augmentation.warp_steps import HeightWidth


class TargetKind(ABC):
    """How a target follows a warp."""

    # Whether it has pixels of its own, whose number follows that of the inputs.
    has_pixels: ClassVar[bool]

    @abstractmethod
    def warped(self, name: str, targets: Mapping[str, Tensor], warp: Warp, size: HeightWidth) -> dict[str, Tensor]:
        """The target called `name`, and those that belong to it, as they are seen in images of `size`."""


@final
@dataclass(frozen=True)
class Whole(TargetKind):
    """True of a sample as a whole, wherever things are in it: (batch, ...)."""

    has_pixels: ClassVar[bool] = False

    def warped(self, name: str, targets: Mapping[str, Tensor], warp: Warp, size: HeightWidth) -> dict[str, Tensor]:
        return {name: targets[name]}


class MixableTarget(TargetKind):
    """True of a sample as a whole, and of a mixture of two in the shares that each has in it."""

    has_pixels: ClassVar[bool] = False

    @abstractmethod
    def mixed(self, values: Tensor, partners: Tensor, shares: Tensor) -> Tensor:
        """What is true of mixtures of each sample, of which `shares` (batch,) in 0..1 are left, with `partners`.

        `values` are the targets of the batch, `partners` (batch,) the positions of others in it.
        """

    def warped(self, name: str, targets: Mapping[str, Tensor], warp: Warp, size: HeightWidth) -> dict[str, Tensor]:
        return {name: targets[name]}


@final
@dataclass(frozen=True)
class ClassTarget(MixableTarget):
    """The number of one class (batch,); of a mixture the probability of each: floats (batch, classes)."""

    classes: int

    def mixed(self, values: Tensor, partners: Tensor, shares: Tensor) -> Tensor:
        each = F.one_hot(values, self.classes).to(shares.dtype) if values.ndim == 1 else values
        return each * shares[:, None] + each[partners] * (1 - shares[:, None])


@final
@dataclass(frozen=True)
class ShareTarget(MixableTarget):
    """Floats (batch, ...) of which a mixture has the mean, such as 1 for a label that is there and 0 for others."""

    def mixed(self, values: Tensor, partners: Tensor, shares: Tensor) -> Tensor:
        own = shares.reshape(-1, *[1] * (values.ndim - 1))
        return values * own + values[partners] * (1 - own)


@final
@dataclass(frozen=True)
class BoxTarget(TargetKind):
    """Boxes (batch, most, 4) as fractions, x and y of two corners; their labels (batch, most) are another target.

    Boxes are cut at the image's border. A box of which less than `min_visible` of its area is left, or less than
    `min_side_px` of a side, is dropped: its label becomes -1, which marks places without a box.
    """

    labels: str = "labels"
    min_visible: float = 0.3
    min_side_px: float = 2.0

    has_pixels: ClassVar[bool] = False

    def warped(self, name: str, targets: Mapping[str, Tensor], warp: Warp, size: HeightWidth) -> dict[str, Tensor]:
        height, width = size
        seen = warp.boxes(targets[name])
        clipped = seen.clamp(0, 1)
        left = clipped[..., 2:] - clipped[..., :2]
        whole = (seen[..., 2:] - seen[..., :2]).prod(dim=-1).clamp(min=1e-9)
        thick = (left * left.new_tensor([width, height])).amin(dim=-1) >= self.min_side_px
        kept = (left.prod(dim=-1) / whole >= self.min_visible) & thick
        return {name: clipped, self.labels: torch.where(kept, targets[self.labels], -1)}


@final
@dataclass(frozen=True)
class PointTarget(TargetKind):
    """Points (batch, ..., joints, 2) as fractions, x before y, and whether each is visible (batch, ..., joints).

    Visibility is another target: 0 not told, 1 told but hidden, 2 visible, as in COCO. It becomes 0 where a point
    leaves the image. `flip_pairs` are joints that are each other's mirror image, as left and right hand are.
    """

    visibility: str = "visibility"
    flip_pairs: tuple[tuple[int, int], ...] = ()

    has_pixels: ClassVar[bool] = False

    def warped(self, name: str, targets: Mapping[str, Tensor], warp: Warp, size: HeightWidth) -> dict[str, Tensor]:
        seen = warp.points(targets[name])
        inside = ((seen >= 0) & (seen <= 1)).all(dim=-1)
        visible = torch.where(inside, targets[self.visibility], 0)
        return {
            name: warp.swapped(seen, self.flip_pairs, axis=-2),
            self.visibility: warp.swapped(visible, self.flip_pairs, axis=-1),
        }


@final
@dataclass(frozen=True)
class MaskTarget(TargetKind):
    """A whole number for every pixel (batch, ..., height, width), `ignore_index` where nothing is known."""

    ignore_index: int = 255

    has_pixels: ClassVar[bool] = True

    def warped(self, name: str, targets: Mapping[str, Tensor], warp: Warp, size: HeightWidth) -> dict[str, Tensor]:
        return {name: warp.masks(targets[name], self.ignore_index)}


@final
@dataclass(frozen=True)
class DenseTarget(TargetKind):
    """Floats for every pixel (batch, channels, height, width), as an image or depths, interpolated as inputs are.

    Beyond the border they are continued as inputs are, too.
    """

    has_pixels: ClassVar[bool] = True

    def warped(self, name: str, targets: Mapping[str, Tensor], warp: Warp, size: HeightWidth) -> dict[str, Tensor]:
        return {name: warp.images(targets[name])}
