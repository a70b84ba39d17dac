"""The torch side of what is put in: fitted RGB bytes to a network's normalised input.

Only plain operations, so that an exported graph contains the same arithmetic.
"""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn

from convsight.inputs import ImageInput


def planes(pictures: Tensor, channels: int) -> Tensor:
    """Bytes to floats: RGB uint8 (batch, height, width, 3) to float32 (batch, channels, height, width) in 0..1.

    One channel is the grey of Pillow's `convert("L")`, to the last bit. The result lies in memory as the pictures
    do, which is PyTorch's `channels_last`.

    >>> red = torch.tensor([[[[255, 0, 0]]]], dtype=torch.uint8)
    >>> planes(red, channels=1) == 76 / 255
    tensor([[[[True]]]])
    """
    if pictures.dtype != torch.uint8 or pictures.dim() != 4 or pictures.shape[3] != 3:
        raise ValueError(
            f"expected uint8 pictures (batch, height, width, 3), not {pictures.dtype} {tuple(pictures.shape)}"
        )
    colours = pictures.permute(0, 3, 1, 2).to(torch.float32)
    if channels == 3:
        return colours / 255
    if channels == 1:
        return _luma(colours) / 255
    raise ValueError(f"pictures have 1 or 3 channels, not {channels}")


def _luma(colours: Tensor) -> Tensor:
    """ITU-R 601 luma in the fixed-point arithmetic of Pillow's Convert.c: (19595 R + 38470 G + 7471 B + 2^15) >> 16.

    Sums stay under 2^24, so float32 holds every whole number exactly; the shift is a division rounded down.
    """
    red, green, blue = colours[:, 0:1], colours[:, 1:2], colours[:, 2:3]
    return torch.floor((red * 19595 + green * 38470 + blue * 7471 + 32768) / 65536)


@final
class Normalise(nn.Module):
    """(x - mean) / std, channel by channel, of pictures (batch, channels, height, width)."""

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        # Not persistent: the card of a model file holds them, its tensors are the network's alone.
        self.register_buffer("mean", _a_channel_each(mean), persistent=False)
        self.register_buffer("std", _a_channel_each(std), persistent=False)

    def forward(self, pictures: Tensor) -> Tensor:
        return (pictures - self.mean) / self.std


@final
class InputLayer(nn.Module):
    """Fitted RGB uint8 (batch, height, width, 3) to the network's input (batch, channels, height, width)."""

    def __init__(self, spec: ImageInput) -> None:
        super().__init__()
        self.channels = spec.channels
        self.normalise = Normalise(spec.mean, spec.std)

    def floats(self, pictures: Tensor) -> Tensor:
        """The pictures as they are augmented: float32 (batch, channels, height, width) in 0..1."""
        return planes(pictures, self.channels)

    def forward(self, pictures: Tensor) -> Tensor:
        normalised: Tensor = self.normalise(self.floats(pictures))
        return normalised


def _a_channel_each(values: Sequence[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float32).view(1, -1, 1, 1)
