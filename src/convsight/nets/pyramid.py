"""A pyramid of features out of any network of the catalogue: maps at strides 8, 16 and 32, made where it has none."""

from collections.abc import Iterable
from itertools import pairwise
from typing import final

from torch import Tensor, nn

from convsight.nets.blocks import conv
from convsight.nets.encoder import Encoder, encoder_with, find_maps
from convsight.nets.entry import NetShape

_LEVELS = (8, 16, 32)  # strides
_MADE = 128  # channels of a level that the network lacks


@final
class Pyramid(nn.Module):
    """Normalised images (batch, channels, height, width) to three maps of `channels`, the largest first.

    A level that the encoder lacks comes by convolutions of stride 2 from the one above. `net` is the encoder's, so that
    tensors are called as they always were.
    """

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.net = encoder.net
        self.strides = encoder.strides
        self.made = nn.ModuleDict()
        channels = dict(zip(encoder.strides, encoder.channels, strict=True))
        for stride in _LEVELS:
            if stride not in channels:
                finer = _next_finer(stride, channels)
                self.made[_name(stride)] = _strided(channels[finer], _halvings(stride // finer))
                channels[stride] = _MADE
        self.channels = tuple(channels[stride] for stride in _LEVELS)

    def forward(self, images: Tensor) -> list[Tensor]:
        maps = dict(zip(self.strides, self.net(images), strict=True))
        for stride in _LEVELS:
            if stride not in maps:
                maps[stride] = self.made[_name(stride)](maps[_next_finer(stride, maps)])
        return [maps[stride] for stride in _LEVELS]


def build_pyramid(name: str, shape: NetShape) -> Pyramid:
    """The pyramid of the catalogue's network called `name`, with fresh weights from PyTorch's global generator.

    Raises `UserError` for an unknown name, images that the network cannot take, and one without maps to begin with.

    >>> build_pyramid("squeezenet1_0", NetShape(outputs=1, channels=3, height=64, width=64)).channels
    (512, 512, 128)
    """
    found = find_maps(name, shape)
    first = max(stride for stride in found if stride <= _LEVELS[0])
    return Pyramid(encoder_with({stride: one for stride, one in found.items() if stride >= first}, name, shape))


def _next_finer(stride: int, strides: Iterable[int]) -> int:
    return max(one for one in strides if one < stride)


def _halvings(factor: int) -> int:
    """How often something is halved where it is divided by a power of two."""
    return factor.bit_length() - 1


def _name(stride: int) -> str:
    """What a made level is called in files: by how often the image's sides are halved there."""
    return str(_halvings(stride))


def _strided(channels: int, halvings: int) -> nn.Sequential:
    widths = [channels] + [_MADE] * halvings
    return nn.Sequential(*(conv(narrow, wide, stride=2) for narrow, wide in pairwise(widths)))
