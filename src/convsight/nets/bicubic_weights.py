"""The weights of Pillow's antialiased bicubic resize of one side, as digits that float32 multiplies exactly.

Unlike those of a triangle they are no ratios of small whole numbers, so they are as exact as the engine's arithmetic:
in float64 (PyTorch, ONNX Runtime) Pillow's own, in float32 (OpenVINO) up to a few 2**-22 off, which moves one value in
some thousands by a grey level.
"""

import torch
from torch import Tensor

_ONE = 2**22  # what Pillow counts a weight in: PRECISION_BITS
_STEEP = -0.5  # the slope that Pillow's cubic has at a distance of one pixel, Keys' a


def cubics(side: int, target: int, parts: int, cut: Tensor, first: Tensor, made: Tensor) -> Tensor:
    """Weights (target, side), rows summing to one; arguments are those of `resize_layers.triangles`.

    Source: Keys, Cubic Convolution Interpolation for Digital Image Processing, 1981; stretched over as many pixels as
    one fitted pixel covers, as in Pillow's Resample.c.
    """
    taken = parts * side - cut
    pixel = parts * made
    places = torch.arange(target, dtype=torch.float64)[:, None] - first
    centres = cut * made + (2 * places + 1) * taken
    distances = ((2 * torch.arange(side, dtype=torch.float64) + 1) * pixel - centres).abs()
    near = distances / (2 * torch.maximum(taken, pixel))
    inner = ((_STEEP + 2) * near - (_STEEP + 3)) * near * near + 1
    outer = (((near - 5) * near + 8) * near - 4) * _STEEP
    weights = torch.where(near < 1, inner, torch.where(near < 2, outer, torch.zeros_like(near)))
    weights = weights / weights.sum(1, keepdim=True)
    return weights * ((places >= 0) & (places < made))


def cubic_digits(weights: Tensor) -> Tensor:
    """`weights` (target, side) rounded to 22 bits: digits (3 x target, side) of 8, 7 and 7 bits, with their signs."""
    whole = torch.round((weights * _ONE).abs())
    high = torch.floor(whole / 2**14)
    middle = torch.floor(whole / 2**7) - high * 2**7
    low = whole - torch.floor(whole / 2**7) * 2**7
    sign = torch.sign(weights)
    return torch.cat([sign * high, sign * middle, sign * low]).to(torch.float32)
