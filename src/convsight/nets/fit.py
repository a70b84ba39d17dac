"""The torch side of `pictures.fit`: pictures of any size to the network's, by the same arithmetic as Pillow.

A resize along one side is a product with a matrix of weights that follows from the sizes alone. So a graph needs no
resize operation, which engines are known to carry out differently from one another (some ignore its antialiasing).
"""

from typing import final

import torch
from torch import Tensor, nn

from convsight.pictures import Preprocessing


@final
class Fit(nn.Module):
    """RGB uint8 of one size (batch, height, width, 3) to uint8 (batch, target height, target width, 3).

    Pillow's antialiased bilinear resize: along rows first, then along columns, each time rounded to whole numbers.
    Where a sum lies next to a half, a value may be one off, since Pillow sums in fixed point.

    >>> halved = Preprocessing(height=1, width=2, fit="squash", mean=(0, 0, 0), std=(1, 1, 1))
    >>> Fit(halved)(torch.tensor([0, 100, 200, 200], dtype=torch.uint8).view(1, 1, 4, 1))[0, 0, :, 0].tolist()
    [71, 186]
    """

    def __init__(self, preprocessing: Preprocessing) -> None:
        super().__init__()
        self.height, self.width, self.fit = preprocessing.height, preprocessing.width, preprocessing.fit

    def forward(self, pictures: Tensor) -> Tensor:
        height, width = pictures.shape[1], pictures.shape[2]
        planes = pictures.permute(0, 3, 1, 2).to(torch.float32)
        columns = self._weights(width, self.width, height, self.height)  # (target width, width)
        rows = self._weights(height, self.height, width, self.width)  # (target height, height)
        planes = torch.floor(planes @ columns.T + 0.5)
        planes = torch.floor(rows @ planes + 0.5)
        return planes.permute(0, 2, 3, 1).to(torch.uint8)

    def _weights(self, side: int, target: int, other: int, other_target: int) -> Tensor:
        """How much each pixel of a side counts for each of the `target` fitted ones: (target, side), float32."""
        whole = torch.zeros((), dtype=torch.float64) + side
        # What this side would be, had the picture the target's proportions.
        fair = torch.zeros((), dtype=torch.float64) + other * (target / other_target)
        nothing = torch.zeros_like(whole)
        start, taken, first, made = nothing, whole, nothing, nothing + target
        if self.fit == "crop":
            margin = (whole - torch.minimum(whole, fair)) / 2
            start, end = _as_float32(margin), _as_float32(whole - margin)  # as Pillow takes a box
            taken = end - start
        elif self.fit == "pad":
            made = torch.minimum(made, torch.clamp(torch.round(target * whole / fair), min=1))
            first = torch.floor((target - made) / 2)
        return triangles(side, target, start, taken, first, made)


def _as_float32(value: Tensor) -> Tensor:
    return value.to(torch.float32).to(torch.float64)


def triangles(side: int, target: int, start: Tensor, taken: Tensor, first: Tensor, made: Tensor) -> Tensor:
    """Weights (target, side) of an antialiased bilinear resize of one side.

    The `taken` pixels from `start` on become the `made` fitted ones from `first` on; others stay empty. A fitted pixel
    is the mean under a triangle around its centre, which reaches to the centres of its neighbours, or over one pixel
    where that is more.
    """
    scale = taken / made
    reach = torch.clamp(scale, min=1.0)
    places = torch.arange(target, dtype=torch.float64)[:, None] - first
    centres = start + (places + 0.5) * scale
    distances = (torch.arange(side, dtype=torch.float64) + 0.5 - centres).abs()
    weights = torch.clamp(1 - distances / reach, min=0)
    weights = weights / torch.clamp(weights.sum(1, keepdim=True), min=1e-12)
    inside = (places >= 0) & (places < made)
    return (weights * inside).to(torch.float32)
