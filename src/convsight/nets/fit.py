"""The torch side of `pictures.fit`: pictures of any size to the network's, by the same arithmetic as Pillow.

A resize along one side is a product with a matrix of weights that follows from the sizes alone. So a graph needs no
resize operation, which engines are known to carry out differently from one another (some ignore its antialiasing).

Pillow's weights are whole numbers of 22 bits. Here they are found by dividing whole numbers, and cut into digits so
small that every product and sum is exact in float32: any engine that computes in float32 finds the same pixels,
whatever the order in which it sums, and those are Pillow's.
"""

from math import gcd
from typing import final

import torch
from torch import Tensor, nn

from convsight.pictures import Frame

_DIGITS = (8, 7, 7)  # bits of a weight, the highest first: 22 together, as Pillow's PRECISION_BITS
_MOST = 2**22  # of what is divided: with a digit it stays below 2**31, since some engines have no longer numbers


@final
class Fit(nn.Module):
    """RGB uint8 of one size (batch, height, width, 3) to uint8 (batch, target height, target width, 3).

    Pillow's antialiased bilinear resize: along rows first, then along columns, each time rounded to whole numbers.
    Equal to `pictures.fit` but for a crop to sides that differ: Pillow rounds the edges of its box to float32, so that
    a value next to a half may be one off there.

    >>> halved = Frame(1, 2, "squash")
    >>> Fit(halved)(torch.tensor([0, 100, 200, 200], dtype=torch.uint8).view(1, 1, 4, 1))[0, 0, :, 0].tolist()
    [71, 186]
    """

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self.height, self.width, self.fit = frame

    def forward(self, pictures: Tensor) -> Tensor:
        height, width = pictures.shape[1], pictures.shape[2]
        planes = pictures.permute(0, 3, 1, 2).to(torch.float32)
        columns = self._digits(width, self.width, height, self.height)  # (3 x target width, width)
        rows = self._digits(height, self.height, width, self.width)  # (3 x target height, height)
        planes = _joined(*(planes @ columns.T).chunk(3, dim=3))
        planes = _joined(*(rows @ planes).chunk(3, dim=2))
        return planes.permute(0, 2, 3, 1).to(torch.uint8)

    def _digits(self, side: int, target: int, other: int, other_target: int) -> Tensor:
        """How much each pixel of a side counts for each of the `target` fitted ones, as `weight_digits` has it."""
        whole = torch.zeros((), dtype=torch.float64) + side
        nothing = torch.zeros_like(whole)
        parts, cut, first, made = 1, nothing, nothing, nothing + target
        if self.fit == "crop":
            common = gcd(target, other_target)
            parts = other_target // common
            cut = torch.clamp(parts * whole - target // common * other, min=0)
        elif self.fit == "pad":
            fair = other * (target / other_target)  # this side, had the picture the target's proportions
            made = torch.minimum(made, torch.clamp(torch.round(target * whole / fair), min=1))
            first = torch.floor((target - made) / 2)
        return weight_digits(triangles(side, target, parts, cut, first, made))


def triangles(side: int, target: int, parts: int, cut: Tensor, first: Tensor, made: Tensor) -> Tensor:
    """Weights (target, side) of an antialiased bilinear resize of one side, before they are made to sum to one.

    The pixels but `cut / (2 * parts)` at either end become the `made` fitted ones from `first` on; others stay empty. A
    fitted pixel is the mean under a triangle around its centre, which reaches to the centres of its neighbours, or over
    one pixel where that is more. All is measured in the `2 * parts * made`-th part of a pixel, so these are whole
    numbers.
    """
    taken = parts * side - cut
    pixel = parts * made
    places = torch.arange(target, dtype=torch.float64)[:, None] - first
    centres = cut * made + (2 * places + 1) * taken
    distances = ((2 * torch.arange(side, dtype=torch.float64) + 1) * pixel - centres).abs()
    weights = torch.clamp(2 * torch.maximum(taken, pixel) - distances, min=0)
    return weights * ((places >= 0) & (places < made))


def weight_digits(weights: Tensor) -> Tensor:
    """Rows of whole numbers (target, side), divided by their sums and rounded to 22 bits: digits (3 x target, side).

    A row of nothing stays nothing.
    """
    weights = torch.floor(weights / (torch.floor(weights.sum(1).max() / _MOST) + 1))
    rest = weights.to(torch.int64)
    total = torch.clamp(rest.sum(1, keepdim=True), min=1)
    digits = []
    for bits in _DIGITS:
        rest = rest * 2**bits
        digits.append(torch.div(rest, total, rounding_mode="floor"))
        rest = rest - digits[-1] * total
    digits[-1] = digits[-1] + (2 * rest >= total)
    return torch.cat(digits).to(torch.float32)


def _joined(high: Tensor, middle: Tensor, low: Tensor) -> Tensor:
    """Sums of pixels times each digit of their weights, put together and rounded to whole grey levels."""
    return torch.floor((128 * high + middle + torch.floor(low / 128) + 2**14) / 2**15)
