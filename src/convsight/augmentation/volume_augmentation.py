"""Volumes that vary in place and light, and the masks that lie on them with them."""

import math
from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor
from torch.nn import functional as F

from convsight.augmentation.augmentation import Augmentation
from convsight.augmentation.batch import Batch
from convsight.augmentation.kinds import MaskTarget, MixableTarget, TargetKind, Whole
from convsight.augmentation.variation import Variation
from convsight.rng import RngKeys, uniform

_COLUMNS = 12
_AXES = 3


@final
class VolumeAugmentation(Augmentation):
    """One geometry a sample for its volume (batch, channels, depth, height, width) and its masks; light for volumes.

    Targets are masks, or true of the volume as a whole; raises TypeError for others, which would stay where they were.

    Volumes are turned about all three axes, moved and zoomed by one affine map around their middle, beyond which their
    border goes on; flips are left to right, and front to back with `flip_vertical`. Masks take the nearest voxel, and
    what comes from outside is unknown.
    """

    resizes = False
    together = False

    def __init__(
        self,
        variation: Variation,
        targets: Mapping[str, TargetKind],
        reasons: tuple[str, ...],
        images: tuple[str, ...] = ("volume",),
    ) -> None:
        for name, kind in targets.items():
            if not isinstance(kind, MaskTarget | MixableTarget | Whole):
                raise TypeError(f"the target {name} of volumes is a {type(kind).__name__}, which nothing moves here")
        self.variation = variation
        self.targets = targets
        self.reasons = reasons
        self.images = images
        self.mirrors = variation.flip_horizontal

    def __call__(self, batch: Batch, keys: RngKeys, progress: float) -> Batch:
        first = batch.inputs[self.images[0]]
        drawn = torch.from_numpy(uniform(keys.seed, keys.epoch + 1, keys.samples, _COLUMNS)).to(first.device) * 2 - 1
        maps = self._maps(drawn, first.shape[2:])
        inputs = {
            name: self._lit(self._moved(self._flipped(batch.inputs[name], drawn), maps), drawn) for name in self.images
        }
        targets = {
            name: self._mask(self._flipped(values, drawn), maps, kind.ignore_index)
            if isinstance(kind := self.targets.get(name), MaskTarget)
            else values
            for name, values in batch.targets.items()
        }
        return Batch({**batch.inputs, **inputs}, targets)

    def _maps(self, drawn: Tensor, sides: torch.Size) -> Tensor | None:
        """Where each place of the new volume lies in the old one: affine maps (batch, 3, 4) in -1..1; None: there."""
        v = self.variation
        if not (v.rotate or v.zoom or v.shift):
            return None
        turns = _turns(drawn[:, 0:3] * (v.rotate * math.pi / 180))
        turns = turns * torch.exp(drawn[:, 3] * v.zoom)[:, None, None]
        # Angles are those of voxels, whatever the sides: to voxels, turned, and back to -1..1; x, y, z.
        half = torch.tensor([float(side) for side in reversed(sides)], device=drawn.device)
        turns = turns * half[None, None, :] / half[None, :, None]
        return torch.cat([turns, (2 * v.shift * drawn[:, 6:9])[:, :, None]], dim=2)

    def _flipped(self, values: Tensor, drawn: Tensor) -> Tensor:
        """`values` (batch, ..., depth, height, width) some samples turned left to right, or front to back."""
        for column, axis, flips in ((4, -1, self.variation.flip_horizontal), (5, -2, self.variation.flip_vertical)):
            if flips:
                chosen = (drawn[:, column] > 0).view(-1, *[1] * (values.ndim - 1))
                values = torch.where(chosen, values.flip(axis), values)
        return values

    def _moved(self, volumes: Tensor, maps: Tensor | None) -> Tensor:
        return volumes if maps is None else _sampled(volumes, maps, "bilinear", "border")

    def _mask(self, masks: Tensor, maps: Tensor | None, outside: int) -> Tensor:
        if maps is None:
            return masks
        # 0 is what comes from outside, so that classes begin at 1.
        found = _sampled(masks[:, None].float() + 1, maps, "nearest", "zeros")[:, 0].round()
        return torch.where(found == 0, float(outside), found - 1).to(masks.dtype)

    def _lit(self, volumes: Tensor, drawn: Tensor) -> Tensor:
        """Contrast around the mean of each volume, and brightness."""
        if not self.variation.light:
            return volumes
        contrast, brightness = (drawn[:, column].view(-1, 1, 1, 1, 1) * self.variation.light for column in (9, 10))
        middle = volumes.mean(dim=(1, 2, 3, 4), keepdim=True)
        return ((volumes - middle) * torch.exp(contrast) + middle) * torch.exp(brightness)


def _turns(angles: Tensor) -> Tensor:
    """Rotations (batch, 3, 3) about x, then y, then z by `angles` (batch, 3) in radians."""
    cos, sin = torch.cos(angles), torch.sin(angles)
    one, nothing = torch.ones_like(cos[:, 0]), torch.zeros_like(cos[:, 0])

    def matrix(*cells: Tensor) -> Tensor:
        return torch.stack(cells, dim=1).view(-1, _AXES, _AXES)

    x = matrix(one, nothing, nothing, nothing, cos[:, 0], -sin[:, 0], nothing, sin[:, 0], cos[:, 0])
    y = matrix(cos[:, 1], nothing, sin[:, 1], nothing, one, nothing, -sin[:, 1], nothing, cos[:, 1])
    z = matrix(cos[:, 2], -sin[:, 2], nothing, sin[:, 2], cos[:, 2], nothing, nothing, nothing, one)
    return z @ y @ x


def _sampled(volumes: Tensor, maps: Tensor, mode: str, padding: str) -> Tensor:
    grid = F.affine_grid(maps.to(volumes.dtype), list(volumes.shape), align_corners=False)
    return F.grid_sample(volumes, grid, mode=mode, padding_mode=padding, align_corners=False)
