"""Random erasing: a rectangle of an image is hidden, so that no single part of a thing decides.

Source: Zhong et al., "Random Erasing Data Augmentation", 2020; sizes and proportions as in torchvision.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from convsight.augmentation.batch import Batch
from convsight.augmentation.kinds import TargetKind
from convsight.augmentation.staged import Stage
from convsight.rng import RngKeys, uniform

_STREAM = 2
_AREA, _RATIO = (0.02, 0.33), (0.3, 3.3)  # of the image's; of height to width


@final
@dataclass(frozen=True)
class Erasing(Stage):
    """Of `share` of the samples a rectangle becomes the mean of its image, channel by channel; targets stay."""

    share: float

    order: ClassVar[int] = 1

    @property
    def words(self) -> str:
        return f"random erasing: a rectangle of {self.share:.0%} of the images is hidden"

    def __call__(self, batch: Batch, keys: RngKeys, images: tuple[str, ...], kinds: Mapping[str, TargetKind]) -> Batch:
        first = batch.inputs[images[0]]
        drawn = uniform(keys.seed, keys.epoch, keys.samples, 5, _STREAM)
        draws = torch.from_numpy(drawn).to(first.device)
        chosen = (draws[:, 0] < self.share)[:, None, None, None]
        changed = dict(batch.inputs)
        for name in images:
            planes = changed[name]
            hidden = inside(rectangles(draws[:, 1:], *planes.shape[2:]), *planes.shape[2:]) & chosen
            changed[name] = torch.where(hidden, planes.mean(dim=(2, 3), keepdim=True), planes)
        return Batch(changed, batch.targets)


def rectangles(draws: Tensor, height: int, width: int) -> Tensor:
    """Rectangles (batch, 4): left, top, right and bottom in px, by `draws` (batch, 4) in 0..1.

    These say area (2 to 33 % of the image), proportions, row and column. A side that would not fit is as long as the
    image's, less a pixel.
    """
    area = (_AREA[0] + draws[:, 0] * (_AREA[1] - _AREA[0])) * height * width
    low, high = (math.log(ratio) for ratio in _RATIO)
    ratio = torch.exp(low + draws[:, 1] * (high - low))
    tall = (area * ratio).sqrt().round().clamp(1, max(1, height - 1))
    wide = (area / ratio).sqrt().round().clamp(1, max(1, width - 1))
    top, left = ((draws[:, 2] * (height - tall + 1)).floor(), (draws[:, 3] * (width - wide + 1)).floor())
    return torch.stack([left, top, left + wide, top + tall], dim=1)


def inside(boxes: Tensor, height: int, width: int) -> Tensor:
    """Which pixels of images lie in `boxes` (batch, 4) of left, top, right, bottom in px: (batch, 1, height, width)."""
    left, top, right, bottom = boxes[:, :, None].unbind(1)
    rows, columns = torch.arange(height, device=boxes.device), torch.arange(width, device=boxes.device)
    in_rows, in_columns = (rows >= top) & (rows < bottom), (columns >= left) & (columns < right)
    return (in_rows[:, :, None] & in_columns[:, None, :])[:, None]
