"""The kernels of a first layer as pictures, whose sign can be seen."""

from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from convsight.errors import UserError
from convsight.inside.open_network import OpenNetwork
from convsight.inside.run_by_layers import Stop

_SIDE = 72  # px of a kernel on a sheet
_GAP = 2  # px between the channels of one
_MOST_CHANNELS = 8  # of a kernel that is not of a colour picture


@final
class FirstLayer:
    """The first convolution of a network, which sees the picture itself: `kernels` (filters, channels, rows, columns).

    They are for normalised pictures.
    """

    def __init__(self, network: OpenNetwork, stops: list[Stop], channels: int) -> None:
        for stop in stops:
            module = network.layer(stop.name)
            if isinstance(module, nn.Conv2d) and module.in_channels == channels:
                self.stop = stop
                with torch.no_grad():
                    self.kernels: NDArray[np.float64] = module.weight.double().numpy()
                return
        raise UserError(f"{network.card.net} begins with no convolution, so no kernel is a picture; name a --layer")


def kernel_picture(kernel: NDArray[np.float64]) -> Image.Image:
    """A kernel (channels, rows, columns) on its own scale: 0 is mid grey, its largest absolute value black or white.

    Three channels are red, green and blue; of others, each is a grey picture beside the last, eight at most.
    """
    largest = float(np.abs(kernel).max()) or 1.0
    shares = np.rint(255 * (kernel / largest / 2 + 0.5)).astype(np.uint8)
    if len(kernel) == 3:
        return _enlarged(shares.transpose(1, 2, 0))
    parts = [_enlarged(plane) for plane in shares[:_MOST_CHANNELS]]
    width = sum(part.width for part in parts) + _GAP * (len(parts) - 1)
    found = Image.new("RGB", (width, parts[0].height), "white")
    for number, part in enumerate(parts):
        found.paste(part, (number * (part.width + _GAP), 0))
    return found


def _enlarged(pixels: NDArray[np.uint8]) -> Image.Image:
    """By a whole factor, so that its weights stay squares."""
    image = Image.fromarray(pixels)
    factor = max(1, _SIDE // max(image.size))
    return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST).convert("RGB")
