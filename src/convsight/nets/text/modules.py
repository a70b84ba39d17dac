"""The layers that PyTorch lacks: TensorFlow's `same` padding, padded and sum pooling, and a few small ones."""

import math
from collections.abc import Mapping, Sequence
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from convsight.arithmetic.shapes import same_padding
from convsight.nets.text.layers.kernel_windows import Pads

MAX_POOLS = {1: nn.MaxPool1d, 2: nn.MaxPool2d, 3: nn.MaxPool3d}
AVG_POOLS = {1: nn.AvgPool1d, 2: nn.AvgPool2d, 3: nn.AvgPool3d}

_MAX = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
_AVG = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}


@final
class PadSame(nn.Module):
    """Zeros around volumes (batch, channels, *sides) by TensorFlow's `same`, for a layer that follows.

    How many depends on the sides, so it is computed from those that come.
    """

    def __init__(self, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]) -> None:
        super().__init__()
        self.kernel, self.stride, self.dilation = tuple(kernel), tuple(stride), tuple(dilation)

    def forward(self, volumes: Tensor) -> Tensor:
        four = zip(volumes.shape[2:], self.kernel, self.stride, self.dilation, strict=True)
        return padded(volumes, tuple(same_padding(*numbers) for numbers in four))

    def extra_repr(self) -> str:
        return f"kernel={self.kernel}, stride={self.stride}, dilation={self.dilation}"


@final
class Pad(nn.Module):
    """Zeros before and behind every side of volumes (batch, channels, *sides)."""

    def __init__(self, pads: Pads) -> None:
        super().__init__()
        self.pads = pads

    def forward(self, volumes: Tensor) -> Tensor:
        return padded(volumes, self.pads)

    def extra_repr(self) -> str:
        return f"pads={self.pads}"


@final
class Crop(nn.Module):
    """Volumes (batch, channels, *sides) without their first and last cells."""

    def __init__(self, pads: Pads) -> None:
        super().__init__()
        self.pads = pads

    def forward(self, volumes: Tensor) -> Tensor:
        return padded(volumes, tuple((-before, -behind) for before, behind in self.pads))

    def extra_repr(self) -> str:
        return f"pads={self.pads}"


@final
class PaddedPool(nn.Module):
    """Maximum or mean over windows of padded volumes (batch, channels, *sides); cells of the padding never count.

    `pads` are cells before and behind each side; None stands for TensorFlow's `same`.
    """

    def __init__(self, kind: str, kernel: Sequence[int], stride: Sequence[int], pads: Pads | None) -> None:
        super().__init__()
        self.kind = kind
        self.kernel, self.stride, self.pads = tuple(kernel), tuple(stride), pads

    def forward(self, volumes: Tensor) -> Tensor:
        axes = len(self.kernel)
        pads = self.pads
        if pads is None:
            pads = tuple(same_padding(*n) for n in zip(volumes.shape[2:], self.kernel, self.stride, strict=True))
        if self.kind == "maxpool":
            return _MAX[axes](padded(volumes, pads, -math.inf), self.kernel, self.stride)
        mean = _AVG[axes](padded(volumes, pads), self.kernel, self.stride)
        # The share of each window that lies inside the volume, exact in float32.
        inside = torch.ones(1, 1, *volumes.shape[2:], device=volumes.device)
        share = _AVG[axes](padded(inside, pads), self.kernel, self.stride)
        return (mean / share).to(volumes.dtype)

    def extra_repr(self) -> str:
        return f"{self.kind}, kernel={self.kernel}, stride={self.stride}, pads={self.pads or 'same'}"


@final
class SumPool(nn.Module):
    """Sum over windows of volumes (batch, channels, *sides), with zeros around them."""

    def __init__(self, kernel: Sequence[int], stride: Sequence[int]) -> None:
        super().__init__()
        self.kernel, self.stride = tuple(kernel), tuple(stride)

    def forward(self, volumes: Tensor) -> Tensor:
        mean: Tensor = _AVG[len(self.kernel)](volumes, self.kernel, self.stride)
        return mean * math.prod(self.kernel)

    def extra_repr(self) -> str:
        return f"kernel={self.kernel}, stride={self.stride}"


@final
class GlobalPool(nn.Module):
    """Maximum, mean or sum over all positions: (batch, channels, *sides) to (batch, channels), or sides of 1."""

    def __init__(self, kind: str, keep: bool) -> None:
        super().__init__()
        self.kind, self.keep = kind, keep

    def forward(self, volumes: Tensor) -> Tensor:
        positions = tuple(range(2, volumes.dim()))
        if self.kind == "globalmax":
            return volumes.amax(dim=positions, keepdim=self.keep)
        mean = volumes.mean(dim=positions, keepdim=self.keep)
        return mean if self.kind == "globalavg" else mean * math.prod(volumes.shape[2:])

    def extra_repr(self) -> str:
        return f"{self.kind}, keep={self.keep}"


@final
class ChannelNorm(nn.Module):
    """Normalisation over the channels of each position by itself: (batch, channels, *sides) or (batch, channels)."""

    def __init__(self, channels: int, eps: float) -> None:
        super().__init__()
        self.channels, self.eps = channels, eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, volumes: Tensor) -> Tensor:
        last = volumes.movedim(1, -1)
        return F.layer_norm(last, (self.channels,), self.weight, self.bias, self.eps).movedim(-1, 1)

    def extra_repr(self) -> str:
        return f"{self.channels}, eps={self.eps}"


@final
class FlattenChannelsLast(nn.Module):
    """Volumes (batch, channels, *sides) as vectors, position after position, the channels of each together."""

    def forward(self, volumes: Tensor) -> Tensor:
        return volumes.movedim(1, -1).flatten(1)


@final
class Rescale(nn.Module):
    """Every number times `scale`, plus `offset`."""

    def __init__(self, scale: float, offset: float) -> None:
        super().__init__()
        self.scale, self.offset = scale, offset

    def forward(self, numbers: Tensor) -> Tensor:
        return numbers * self.scale + self.offset

    def extra_repr(self) -> str:
        return f"scale={self.scale}, offset={self.offset}"


@final
class Residual(nn.Module):
    """What `layers` give, one after the other, plus what `shortcut` gives, of the same input."""

    def __init__(self, layers: Mapping[str, nn.Module], shortcut: nn.Module) -> None:
        super().__init__()
        for name, layer in layers.items():
            self.add_module(name, layer)
        self.shortcut = shortcut
        self._inner = tuple(layers)

    def forward(self, volumes: Tensor) -> Tensor:
        inner = volumes
        for name in self._inner:
            inner = self.get_submodule(name)(inner)
        shortcut: Tensor = self.shortcut(volumes)
        return inner + shortcut


def padded(volumes: Tensor, pads: Pads, value: float = 0.0) -> Tensor:
    """Volumes (batch, channels, *sides) with cells of `value` at the ends of each side; negative ones are cut off."""
    # F.pad names the last axis first.
    flat = [cells for pair in reversed(pads) for cells in pair]
    return F.pad(volumes, flat, value=value) if any(flat) else volumes
