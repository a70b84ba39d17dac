"""The torch side of what is put in: loaded arrays to a network's normalised input, whatever kind they are of.

Only plain operations, so that an exported graph contains the same arithmetic.
"""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from convsight.inputs import ImageInput, InputSpec, SpectrogramInput, VolumeInput
from convsight.inputs.spectrogram import FLOOR_DB


def planes(images: Tensor, channels: int) -> Tensor:
    """Bytes to floats: RGB uint8 (batch, height, width, 3) to float32 (batch, channels, height, width) in 0..1.

    One channel is the grey of Pillow's `convert("L")`, to the last bit. The result lies in memory as the images
    do, which is PyTorch's `channels_last`.

    >>> red = torch.tensor([[[[255, 0, 0]]]], dtype=torch.uint8)
    >>> planes(red, channels=1) == 76 / 255
    tensor([[[[True]]]])
    """
    if images.dtype != torch.uint8 or images.dim() != 4 or images.shape[3] != 3:
        raise ValueError(f"expected uint8 images (batch, height, width, 3), not {images.dtype} {tuple(images.shape)}")
    colours = images.permute(0, 3, 1, 2).to(torch.float32)
    if channels == 3:
        return colours / 255
    if channels == 1:
        return _luma(colours) / 255
    raise ValueError(f"images have 1 or 3 channels, not {channels}")


def _luma(colours: Tensor) -> Tensor:
    """ITU-R 601 luma in the fixed-point arithmetic of Pillow's Convert.c: (19595 R + 38470 G + 7471 B + 2^15) >> 16.

    Sums stay under 2^24, so float32 holds every whole number exactly; the shift is a division rounded down.
    """
    red, green, blue = colours[:, 0:1], colours[:, 1:2], colours[:, 2:3]
    return torch.floor((red * 19595 + green * 38470 + blue * 7471 + 32768) / 65536)


@final
class Normalise(nn.Module):
    """(x - mean) / std, channel by channel, of (batch, channels, ...) with so many `axes` behind."""

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float], axes: int = 2) -> None:
        super().__init__()
        # Not persistent: the card of a model file holds them, its tensors are the network's alone.
        self.register_buffer("mean", _a_channel_each(mean, axes), persistent=False)
        self.register_buffer("std", _a_channel_each(std, axes), persistent=False)

    def forward(self, inputs: Tensor) -> Tensor:
        return (inputs - self.mean) / self.std


@final
class InputLayer(nn.Module):
    """Loaded arrays (batch, *array_shape) to the network's input (batch, *planes_shape); see `InputSpec`."""

    def __init__(self, spec: InputSpec) -> None:
        super().__init__()
        self.scale = _scale(spec)
        self.normalise = Normalise(spec.mean, spec.std, len(spec.planes_shape) - 1)

    def floats(self, arrays: Tensor) -> Tensor:
        """The inputs as they are augmented: what `InputSpec.scaled` gives, in float32."""
        found: Tensor = self.scale(arrays)
        return found

    def forward(self, arrays: Tensor) -> Tensor:
        normalised: Tensor = self.normalise(self.floats(arrays))
        return normalised


def _scale(spec: InputSpec) -> nn.Module:
    """What makes `spec.scaled` of loaded arrays."""
    match spec:
        case ImageInput() if spec.is_rgb:
            return _Planes(spec.channels)
        case ImageInput() | VolumeInput():
            return _Shares(spec.low, spec.high)
        case SpectrogramInput():
            return _Spectrogram(spec)
        case _:
            return nn.Identity()


@final
class _Planes(nn.Module):
    """`planes` for so many channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, images: Tensor) -> Tensor:
        return planes(images, self.channels)


@final
class _Shares(nn.Module):
    """(batch, ..., channels) to float32 (batch, channels, ...), `low` as 0 and `high` as 1."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__()
        self.low = low
        self.span = high - low

    def forward(self, arrays: Tensor) -> Tensor:
        order = (0, arrays.dim() - 1, *range(1, arrays.dim() - 1))
        return (arrays.permute(order).to(torch.float32) - self.low) / self.span


@final
class _Spectrogram(nn.Module):
    """Waves (batch, channels, length) to (batch, channels, frequencies, frames), as a convolution with sines."""

    waves: Tensor

    def __init__(self, spec: SpectrogramInput) -> None:
        super().__init__()
        self.hop = spec.hop
        turns = torch.arange(spec.window // 2 + 1)[:, None] * torch.arange(spec.window)[None] % spec.window
        angles = turns * (2 * torch.pi / spec.window)
        both = torch.cat([torch.cos(angles), torch.sin(angles)]).double() * torch.from_numpy(spec.hann())
        self.register_buffer("waves", both.float()[:, None], persistent=False)

    def forward(self, arrays: Tensor) -> Tensor:
        found = F.conv1d(arrays.flatten(0, 1)[:, None], self.waves, stride=self.hop)
        real, imaginary = found.chunk(2, dim=1)
        power = torch.clamp(real * real + imaginary * imaginary, min=10 ** (-FLOOR_DB / 10))
        return (torch.log10(power) * (10 / FLOOR_DB) + 1).view(arrays.shape[0], arrays.shape[1], *power.shape[1:])


def _a_channel_each(values: Sequence[float], axes: int) -> Tensor:
    return torch.tensor(values, dtype=torch.float32).view(1, -1, *[1] * axes)
