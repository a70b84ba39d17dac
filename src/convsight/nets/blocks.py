"""Blocks of convolutions that networks of several kinds are made of."""

from typing import final

from torch import Tensor, nn
from torch.nn import functional as F


@final
class Residual(nn.Module):
    """Two 3x3 convolutions beside the identity.

    He et al., "Deep Residual Learning for Image Recognition", 2016.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = conv(width, width)
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))

    def forward(self, features: Tensor) -> Tensor:
        return F.relu(features + self.second(self.first(features)))


def conv(narrow: int, wide: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution, batch normalisation and ReLU, padded so that only `stride` makes the map smaller."""
    return nn.Sequential(
        nn.Conv2d(narrow, wide, kernel, stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(wide),
        nn.ReLU(inplace=True),
    )
