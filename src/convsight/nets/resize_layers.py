"""The torch side of loading: originals of any size to the network's, by the same arithmetic as NumPy's and Pillow's.

A resize along one side is a product with a matrix of weights that follows from the sizes alone. So a graph needs no
resize operation, which engines are known to carry out differently from one another (some ignore its antialiasing).

Pillow's weights are whole numbers of 22 bits. Here they are found by dividing whole numbers, and cut into digits so
small that every product and sum is exact in float32: any engine that computes in float32 finds the same pixels,
whatever the order in which it sums, and those are Pillow's. That is so for 8 bits, of any number of channels; values of
16 and 32 bits have no room left in float32 and are rounded like any sum, some millionths of the largest value off.
"""

from math import gcd
from typing import final

import torch
from torch import Tensor, nn

from convsight.images import InputSize
from convsight.inputs import ImageInput, InputSpec
from convsight.nets.bicubic_weights import cubic_digits, cubics

_DIGITS = (8, 7, 7)  # bits of a weight, the highest first: 22 together, as Pillow's PRECISION_BITS
_MAX = 2**22  # of what is divided: with a digit it stays below 2**31, since some engines have no longer numbers


def resize_layer(spec: InputSpec) -> nn.Module:
    """What makes loaded arrays (batch, *array_shape) of originals of any one size, of the same type."""
    if not isinstance(spec, ImageInput):
        return Middle(spec)
    if spec.is_tiled:  # tiles are cut out before
        return nn.Identity()
    return ExactResize(spec.input_size) if spec.bits == 8 else DeepResize(spec.input_size, spec.bits, spec.low)


@final
class ExactResize(nn.Module):
    """uint8 of one size (batch, height, width, channels) to uint8 (batch, target height, target width, channels).

    Pillow's antialiased resize: along rows first, then along columns, each time rounded to whole numbers.
    Equal to `images.resize` but for a crop to sides that differ: Pillow rounds the edges of its box to float32, so that
    a value next to a half may be one off there. For `bicubic` see `bicubic_weights`.

    >>> halved = InputSize(1, 2, "squash")
    >>> ExactResize(halved)(torch.tensor([0, 100, 200, 200], dtype=torch.uint8).view(1, 1, 4, 1))[0, 0, :, 0].tolist()
    [71, 186]
    """

    def __init__(self, input_size: InputSize) -> None:
        super().__init__()
        self.input_size = input_size

    def forward(self, images: Tensor) -> Tensor:
        across, down = frame_weights(self.input_size, images.shape[1], images.shape[2])
        planes = images.permute(0, 3, 1, 2).to(torch.float32)
        digits = cubic_digits if self.input_size.filter == "bicubic" else weight_digits
        columns = digits(across)  # (3 x target width, width)
        rows = digits(down)  # (3 x target height, height)
        planes = _joined(*(planes @ columns.T).chunk(3, dim=3))
        planes = _joined(*(rows @ planes).chunk(3, dim=2))
        return planes.permute(0, 2, 3, 1).to(torch.uint8)


@final
class DeepResize(nn.Module):
    """The same of uint16 or float32, `bits` 16 or 32, in float32; borders of `pad` have the value `low`.

    As close to `images.fit_planes` as float32 is: of 16 bits a value that lies next to a half may be one off.
    """

    def __init__(self, input_size: InputSize, bits: int, low: float) -> None:
        super().__init__()
        self.input_size = input_size
        self.is_whole = bits == 16
        self.low = low

    def forward(self, images: Tensor) -> Tensor:
        across, down = (
            _summing_to_one(each) for each in frame_weights(self.input_size, images.shape[1], images.shape[2])
        )
        planes = down @ (images.permute(0, 3, 1, 2).to(torch.float32) @ across.T)
        if self.input_size.fit == "pad" and self.low:
            planes = planes + self.low * (1 - torch.round(down.sum(1))[:, None] * torch.round(across.sum(1)))
        fitted = planes.permute(0, 2, 3, 1)
        return torch.round(fitted).to(torch.uint16) if self.is_whole else fitted


@final
class Middle(nn.Module):
    """The torch side of `inputs.middle`: long axes cut, short ones between zeros or `low`."""

    def __init__(self, spec: InputSpec) -> None:
        super().__init__()
        self.sides = {axis: spec.array_shape[axis - 1] for axis in spec.free_axes if axis}
        self.border = float(getattr(spec, "low", 0.0))
        self.dtype = {"u1": torch.uint8, "u2": torch.uint16, "f4": torch.float32}[spec.dtype.str[1:]]

    def forward(self, arrays: Tensor) -> Tensor:
        found = arrays.to(torch.float32)
        for axis, side in self.sides.items():
            own = arrays.shape[axis]
            # Half of what is too much or too little, rounded as `inputs.middle` does: always towards the beginning.
            length = torch.zeros((), dtype=torch.int64) + own
            spare = length - side
            cut, put = torch.clamp(spare, min=0) // 2, torch.clamp(-spare, min=0) // 2
            places = torch.arange(side) - put + cut
            there = (places >= 0) & (places < length)
            shape = [1] * arrays.dim()
            shape[axis] = side
            taken = found.index_select(axis, torch.clamp(places, min=0).minimum(length - 1))
            found = torch.where(there.view(shape), taken, self.border)
        return found.to(self.dtype)


def frame_weights(input_size: InputSize, height: int, width: int) -> tuple[Tensor, Tensor]:
    """How much each pixel of a row counts for each fitted one, and each of a column: (target, side)."""
    return (
        _weights(input_size, width, input_size.width, height, input_size.height),
        _weights(input_size, height, input_size.height, width, input_size.width),
    )


def _weights(how: InputSize, side: int, target: int, other: int, other_target: int) -> Tensor:
    whole = torch.zeros((), dtype=torch.float64) + side
    nothing = torch.zeros_like(whole)
    parts, cut, first, made = 1, nothing, nothing, nothing + target
    if how.shorter:
        made = _scaled(how.shorter, side, other)
        first = -torch.round((made - target) / 2)
    elif how.fit == "crop":
        common = gcd(target, other_target)
        parts = other_target // common
        cut = torch.clamp(parts * whole - target // common * other, min=0)
    elif how.fit == "pad":
        # One division of whole numbers, as `images.resize.inside` makes it: another order turns a half the other way.
        made = torch.minimum(made, torch.clamp(torch.round(whole * other_target / (nothing + other)), min=1))
        first = torch.floor((target - made) / 2)
    if how.filter == "bicubic":
        return cubics(side, target, parts, cut, first, made)
    return triangles(side, target, parts, cut, first, made)


def _scaled(shorter: int, side: int, other: int) -> Tensor:
    """What `side` becomes where the shorter of both becomes `shorter`: rounded down, so in whole numbers throughout.

    Graphs divide in floating point, and OpenVINO by the reciprocal: there 428 * 256 / 428 is a little under 256, and
    all would be cut out one pixel off. So the quotient is put right by products, whole numbers everywhere.
    """
    length = torch.zeros((), dtype=torch.int64)
    least = torch.minimum(length + side, length + other)
    whole = (length + side) * shorter
    found = torch.div(whole, least, rounding_mode="floor")
    found = found + ((found + 1) * least <= whole).to(torch.int64) - (found * least > whole).to(torch.int64)
    return found.to(torch.float64)


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
    weights = torch.floor(weights / (torch.floor(weights.sum(1).max() / _MAX) + 1))
    rest = weights.to(torch.int64)
    total = torch.clamp(rest.sum(1, keepdim=True), min=1)
    digits = []
    for bits in _DIGITS:
        rest = rest * 2**bits
        digits.append(torch.div(rest, total, rounding_mode="floor"))
        rest = rest - digits[-1] * total
    digits[-1] = digits[-1] + (2 * rest >= total)
    return torch.cat(digits).to(torch.float32)


def _summing_to_one(weights: Tensor) -> Tensor:
    """Rows divided by their sums, in float32; a row of nothing stays nothing."""
    return (weights / torch.clamp(weights.sum(1, keepdim=True), min=1)).to(torch.float32)


def _joined(high: Tensor, middle: Tensor, low: Tensor) -> Tensor:
    """Sums of pixels times each digit of their weights, put together and rounded to whole grey levels."""
    levels = torch.floor((128 * high + middle + torch.floor(low / 128) + 2**14) / 2**15)
    return torch.clamp(levels, 0, 255)  # a cubic has negative weights too
