"""Mixup and CutMix: two samples of a batch in one, with the targets of both in their shares.

Sources: Zhang et al., "mixup: Beyond Empirical Risk Minimization", 2018; Yun et al., "CutMix", 2019.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import torch
from scipy.special import betaincinv
from torch import Tensor

from convsight.augmentation.augmentation import Augmentation
from convsight.augmentation.batch import Batch
from convsight.augmentation.erasing import inside
from convsight.augmentation.kinds import MixableTarget, TargetKind
from convsight.augmentation.staged import Stage, staged
from convsight.rng import RngKeys, uniform

_STREAM = 3


@final
@dataclass(frozen=True)
class Mixing(Stage):
    """Each sample is mixed with another of its batch, by one of both where both are asked for, as often each.

    `mixup` and `cutmix` are alpha of the distribution Beta(alpha, alpha) of the share that a sample keeps; 0 is never.
    """

    mixup: float
    cutmix: float

    order: ClassVar[int] = 2
    together: ClassVar[bool] = True

    @property
    def words(self) -> str:
        both = (("mixup", self.mixup), ("CutMix", self.cutmix))
        said = " or ".join(f"{name} (alpha {alpha:g})" for name, alpha in both if alpha)
        return f"{said}: each image is mixed with another, and so are their targets"

    def __call__(self, batch: Batch, keys: RngKeys, images: tuple[str, ...], kinds: Mapping[str, TargetKind]) -> Batch:
        drawn = uniform(keys.seed, keys.epoch, keys.samples, 5, _STREAM)
        count = len(drawn)
        if count < 2:  # alone, there is nothing to mix with
            return batch
        cut = drawn[:, 0] < (0.5 if self.mixup and self.cutmix else float(bool(self.cutmix)))
        alpha = np.where(cut, self.cutmix, self.mixup)
        kept = betaincinv(alpha, alpha, drawn[:, 1].astype(np.float64)).astype(np.float32)
        first = batch.inputs[images[0]]
        draws, shares, cuts = (torch.from_numpy(each).to(first.device) for each in (drawn, kept, cut))
        own = torch.arange(count, device=first.device)
        partners = (own + 1 + (draws[:, 2] * (count - 1)).long()) % count
        boxes = cut_boxes(shares, draws[:, 3:5], *first.shape[2:])
        inputs = dict(batch.inputs)
        for name in images:
            laid, pasted = laid_over(inputs[name], partners, shares), pasted_in(inputs[name], partners, boxes)
            inputs[name] = torch.where(cuts[:, None, None, None], pasted, laid)
        left = torch.where(cuts, shares_left(boxes, *first.shape[2:]), shares)
        return Batch(inputs, {name: _target(name, kinds[name], batch, partners, left) for name in batch.targets})


def mixed(augmentation: Augmentation, mixup: float, cutmix: float) -> Augmentation:
    """`augmentation`, and samples that are mixed after it, where one of both is more than 0."""
    return staged(augmentation, [Mixing(mixup, cutmix)] if mixup or cutmix else [])


def laid_over(images: Tensor, partners: Tensor, shares: Tensor) -> Tensor:
    """Images laid over those at `partners` (batch,): `shares` (batch,) of each are its own."""
    own = shares[:, None, None, None]
    return images * own + images[partners] * (1 - own)


def pasted_in(images: Tensor, partners: Tensor, boxes: Tensor) -> Tensor:
    """Images with what those at `partners` (batch,) show in `boxes` (batch, 4): left, top, right, bottom in px."""
    return torch.where(inside(boxes, *images.shape[2:]), images[partners], images)


def cut_boxes(shares: Tensor, draws: Tensor, height: int, width: int) -> Tensor:
    """Boxes of the image's proportions that take all but `shares` (batch,) of it, cut at its border.

    `draws` (batch, 2) in 0..1 say row and column of the middle.
    """
    half = (1 - shares).sqrt() / 2
    middle_y, middle_x = (draws[:, 0] * height).floor(), (draws[:, 1] * width).floor()
    tall, wide = (half * height).floor(), (half * width).floor()
    left, right = (middle_x - wide).clamp(min=0), (middle_x + wide).clamp(max=width)
    top, bottom = (middle_y - tall).clamp(min=0), (middle_y + tall).clamp(max=height)
    return torch.stack([left, top, right, bottom], dim=1)


def shares_left(boxes: Tensor, height: int, width: int) -> Tensor:
    """What `boxes` (batch, 4) leave of images."""
    left, top, right, bottom = boxes.unbind(1)
    return 1 - (right - left) * (bottom - top) / (height * width)


def _target(name: str, kind: TargetKind, batch: Batch, partners: Tensor, shares: Tensor) -> Tensor:
    if not isinstance(kind, MixableTarget):
        raise TypeError(f"the target {name!r} has no mixture: {type(kind).__name__} is no MixableTarget")
    return kind.mixed(batch.targets[name], partners, shares)
