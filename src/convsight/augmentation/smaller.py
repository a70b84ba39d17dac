"""Smaller images for the first steps of a training, which cost less."""

from dataclasses import dataclass
from typing import ClassVar, final

from torch import Tensor
from torch.nn import functional as F

from convsight.augmentation.augmentation import Augmentation
from convsight.augmentation.batch import Batch
from convsight.augmentation.warp import Warp
from convsight.augmentation.warp_steps import HeightWidth, WarpStep, scaled


def smaller(images: Tensor, side: int) -> Tensor:
    """Images (batch, channels, height, width) of floats at `side` x `side` px.

    Each pixel is a mean of all that it stands for (antialiased, a triangle as Pillow's BILINEAR): details too small
    to be shown vanish instead of turning into others.
    """
    return _averaged(images, (side, side))


def smaller_batch(batch: Batch, side: int, augmentation: Augmentation) -> Batch:
    """The batch with images of `side` x `side` px, and targets that have pixels smaller by as much.

    `augmentation` says which inputs are images, and of which kind targets are. Places as fractions stay what they are.
    """
    first, *_ = augmentation.images
    height, width = batch.inputs[first].shape[2:]
    warp = Warp((_Smaller((height, width), (side, side)),))
    inputs = {name: warp.images(batch.inputs[name]) for name in augmentation.images}
    found = dict(batch.targets)
    for name, kind in augmentation.targets.items():
        if kind.has_pixels:
            found |= kind.warped(name, batch.targets, warp, (side, side))
    return Batch({**batch.inputs, **inputs}, found)


@final
@dataclass(frozen=True)
class _Smaller(WarpStep):
    """The same places in fewer pixels."""

    before: HeightWidth
    after: HeightWidth

    upright: ClassVar[bool] = True

    @property
    def mirrored(self) -> None:
        return None

    def size(self, size: HeightWidth) -> HeightWidth:
        return scaled(size, self.before, self.after)

    def images(self, images: Tensor) -> Tensor:
        return _averaged(images, self.size((images.shape[2], images.shape[3])))

    def forward(self, places: Tensor) -> Tensor:
        return places

    def backward(self, places: Tensor) -> Tensor:
        return places


def _averaged(images: Tensor, size: HeightWidth) -> Tensor:
    return F.interpolate(images, size=size, mode="bilinear", antialias=True)
