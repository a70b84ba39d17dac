"""A U-Net that works at half the image's sides, for answers about every pixel in little time."""

from itertools import pairwise
from typing import final

from torch import Tensor, nn
from torch.nn import functional as F

from convsight.nets.blocks import conv
from convsight.nets.entry import NetShape
from convsight.nets.unet import UNet

_WIDTH = 24  # channels of the finest map
_LEVELS = 4  # maps, at strides 2, 4, 8 and 16


@final
class Halving(nn.Module):
    """Maps at strides 2, 4, 8 and 16, of `width` channels and twice as many each time.

    The first convolution halves the sides, unlike the paper's: maps of the full size cost most.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.channels = tuple(width * 2**level for level in range(_LEVELS))
        self.first = conv(channels, width, kernel=5, stride=2)
        self.levels = nn.ModuleList(
            nn.Sequential(conv(narrow, wide), conv(wide, wide)) for narrow, wide in pairwise((width, *self.channels))
        )

    def forward(self, images: Tensor) -> list[Tensor]:
        maps = [self.levels[0](self.first(images))]
        for level in self.levels[1:]:
            maps.append(level(F.max_pool2d(maps[-1], 2, ceil_mode=True)))
        return maps


def halving_unet(shape: NetShape) -> UNet:
    """A U-Net after an encoder of its own, with fresh weights; its logits come from maps of half the image's sides."""
    halving = Halving(shape.channels, _WIDTH)
    return UNet(halving, halving.channels, halving.channels[-2::-1], shape.outputs)
