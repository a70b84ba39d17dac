"""U-Net: what was seen at small scales is enlarged step by step, beside what was seen at larger ones.

Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation", 2015. Unlike there,
convolutions are padded and normalised, so that a map has the input's size, and any network of the catalogue may take
the place of the contracting half.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from convsight.nets.blocks import conv
from convsight.nets.encoder import Encoder, build_encoder
from convsight.nets.entry import NetShape
from convsight.nets.segmenter import Segmenter, enlarged

_LEVELS = 5  # of the paper's network: its sides are halved four times
_NARROWEST, _WIDEST = 16, 256  # channels of a step after a network of the catalogue


@final
class UNet(Segmenter):
    """Normalised images (batch, channels, height, width) to logits (batch, classes, height, width), of any size.

    `encoder` gives maps of features, the finest first, each of so many `channels`. Each of `steps` enlarges what comes
    from below to the map beside it, and looks at both; where the finest map is smaller than the image, scores are
    interpolated.
    """

    def __init__(self, encoder: nn.Module, channels: Sequence[int], widths: Sequence[int], classes: int) -> None:
        super().__init__()
        self.encoder = encoder
        below = [channels[-1], *widths[:-1]]
        parts = zip(below, reversed(channels[:-1]), widths, strict=True)
        self.steps = nn.ModuleList(Step(narrow + beside, wide) for narrow, beside, wide in parts)
        self.head = nn.Conv2d(widths[-1], classes, 1)

    def forward(self, images: Tensor) -> Tensor:
        *finer, deepest = self.encoder(images)
        features = deepest
        for step, beside in zip(self.steps, reversed(finer), strict=True):
            features = step(features, beside)
        return enlarged(self.head(features), images.shape[2:])

    def borrowed(self) -> Mapping[str, Tensor]:
        return self.encoder.net.state_dict() if isinstance(self.encoder, Encoder) else {}

    @property
    def backbone(self) -> tuple[str, ...]:
        return ("encoder.net",) if isinstance(self.encoder, Encoder) else ("encoder",)


@final
class Step(nn.Module):
    """Features as large as the map beside them, then two convolutions of both."""

    def __init__(self, channels: int, wide: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(conv(channels, wide), conv(wide, wide))

    def forward(self, features: Tensor, beside: Tensor) -> Tensor:
        larger = F.interpolate(features, size=beside.shape[2:])
        if larger.requires_grad:
            larger.register_hook(_laid_out_alike)  # type: ignore[no-untyped-call]
        found: Tensor = self.convolutions(torch.cat([larger, beside], dim=1))
        return found


def _laid_out_alike(gradient: Tensor) -> Tensor:
    """The gradient of a part of a joined map as a map of its own, channels last where it was so.

    As a part it is neither, and to enlarge backwards is then five times as slow (PyTorch 2.15).
    """
    is_last = gradient.stride(1) == 1
    return gradient.contiguous(memory_format=torch.channels_last if is_last else torch.contiguous_format)


@final
class Contracting(nn.Module):
    """The paper's own encoder: maps at strides 1, 2, 4, 8 and 16, of `width` channels and twice as many each time."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.channels = tuple(width * 2**level for level in range(_LEVELS))
        self.levels = nn.ModuleList(
            nn.Sequential(conv(narrow, wide), conv(wide, wide)) for narrow, wide in pairwise((channels, *self.channels))
        )

    def forward(self, images: Tensor) -> list[Tensor]:
        maps = [self.levels[0](images)]
        for level in self.levels[1:]:
            maps.append(level(F.max_pool2d(maps[-1], 2, ceil_mode=True)))
        return maps


def plain_unet(shape: NetShape, width: int) -> UNet:
    """The network of the paper, whose first layers have `width` channels, there 64."""
    encoder = Contracting(shape.channels, width)
    return UNet(encoder, encoder.channels, encoder.channels[-2::-1], shape.outputs)


def unet_after(name: str, shape: NetShape) -> UNet:
    """A U-Net whose contracting half is the catalogue's network called `name`, with fresh weights.

    Its steps have 256, 128, 64 and 32 channels, as far down as the sides are halved. The last is as large as the finest
    map of the encoder, mostly half of the image, and its scores are interpolated: a step more costs a third of the
    time.
    Raises `UserError` for an unknown name, and a network that has no maps of features.
    """
    encoder = build_encoder(name, shape)
    halvings = encoder.strides[-1].bit_length() - 1
    widths = [max(_NARROWEST, _WIDEST >> (step + 5 - halvings)) for step in range(len(encoder.strides) - 1)]
    return UNet(encoder, encoder.channels, widths, shape.outputs)
