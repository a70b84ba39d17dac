"""One network for every pixel: its class, whether it is the centre of a thing, and where the centre of its thing is.

Cheng et al., "Panoptic-DeepLab", 2020: a semantic head, and beside it an instance head of centres and offsets. The
encoder and the way back to the image's size are a U-Net's, which both heads share.
"""

from collections.abc import Mapping, Sequence
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from convsight.nets.entry import NetShape
from convsight.nets.halving_unet import halving_unet
from convsight.nets.stages import Stages, stages_of
from convsight.nets.unet import UNet, unet_after
from convsight.tasks.whole_batch import of_whole_batch

_INSTANCE = 3  # outputs of the instance head: one of the centre, two of the offset
_SPREAD = 0.03  # of the image's longer side: the deviation of a centre's bump; 8 px at 256, as in the paper
# Weights of the losses of centres and offsets; the paper's 200 and 0.01 are of means over pixels, and of px.
_CENTRES, _OFFSETS = 100.0, 4.0


@final
class PanopticNet(nn.Module):
    """`net` gives logits of the classes, one of the centre, and the offset as a share of the sides, x before y."""

    def __init__(self, net: UNet, encoder: str) -> None:
        super().__init__()
        self.net = net
        self.encoder = encoder

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits (batch, classes, height, width) and (batch, height, width), shares (batch, 2, height, width)."""
        found = self.net(images).float().contiguous()
        return found[:, :-_INSTANCE], found[:, -_INSTANCE], found[:, -2:]

    def arrays(self, images: Tensor) -> dict[str, Tensor]:
        """What the task's reader takes."""
        logits, centres, offsets = self(images)
        return {"probabilities": logits.softmax(dim=1), "centres": centres.sigmoid(), "offsets": offsets}

    def losses(self, images: Tensor, targets: Mapping[str, Tensor], ignore_index: int) -> dict[str, Tensor]:
        """`total` of `class`, `centre` and `offset`; see `panoptic_losses`."""
        return panoptic_losses(self(images), targets["classes"].long(), targets["ids"], ignore_index)

    def borrowed(self) -> Mapping[str, Tensor]:
        """The tensors that a network of the catalogue has too, under the names that they have there."""
        inner: Any = self.net.encoder
        return inner.net.state_dict() if self.encoder else {}

    def backbone_stages(self, shape: Sequence[int]) -> Stages:
        """The stages of what finds features, on images of `shape` (batch, channels, height, width)."""
        return stages_of(self, shape, within=("net.encoder.net" if self.encoder else "net.encoder",))


def build_panoptic(encoder: str, shape: NetShape) -> PanopticNet:
    """The network after the catalogue's network called `encoder`, empty for one of its own; with fresh weights."""
    wider = NetShape(shape.outputs + _INSTANCE, shape.channels, shape.height, shape.width)
    return PanopticNet(unet_after(encoder, wider) if encoder else halving_unet(wider), encoder)


def panoptic_losses(
    found: tuple[Tensor, Tensor, Tensor], classes: Tensor, ids: Tensor, ignore_index: int
) -> dict[str, Tensor]:
    """`total` of the cross-entropy of classes, the squared error of centres and the absolute error of offsets.

    `classes` and `ids` are (batch, height, width); offsets are learnt where there is a thing, `ids` above 0.
    """
    logits, centres, offsets = found
    known = classes != ignore_index
    count = of_whole_batch(known.sum().float(), len(classes), least=1.0)
    entropy = F.cross_entropy(logits, classes, ignore_index=ignore_index, reduction="sum")
    bumps, shares = bumps_and_offsets(ids)
    inside = (ids > 0)[:, None]
    things = of_whole_batch(inside.sum().float(), len(ids), least=1.0)
    parts = {
        "class": entropy / count,
        "centre": _CENTRES * ((centres.sigmoid() - bumps).square() * known).sum() / count,
        "offset": _OFFSETS * ((offsets - shares).abs() * inside).sum() / things,
    }
    return {"total": torch.stack(list(parts.values())).sum(), **parts}


def bumps_and_offsets(ids: Tensor) -> tuple[Tensor, Tensor]:
    """What centres and offsets should be, of `ids` (batch, height, width), the thing of each pixel from 1, 0 for none.

    Bumps (batch, height, width), 1 at the centre of each thing, and shares (batch, 2, height, width) of the sides from
    each pixel to the centre of its thing, x before y, 0 where there is none. A centre is the mean of a thing's pixels.

    >>> bumps, offsets = bumps_and_offsets(torch.tensor([[[1, 1, 1, 0]]]))
    >>> bumps.argmax(), offsets[0, 0].tolist()
    (tensor(1), [[0.25, 0.0, -0.25, 0.0]])
    """
    batch, height, width = ids.shape
    y, x = torch.meshgrid(
        torch.arange(height, device=ids.device, dtype=torch.float32),
        torch.arange(width, device=ids.device, dtype=torch.float32),
        indexing="ij",
    )
    spread = _SPREAD * max(height, width)
    bumps = torch.zeros(batch, height, width, device=ids.device)
    offsets = torch.zeros(batch, 2, height, width, device=ids.device)
    for row in range(batch):
        numbers, place = torch.unique(ids[row], return_inverse=True)
        counts = torch.bincount(place.flatten(), minlength=len(numbers))
        middles = [torch.bincount(place.flatten(), each.flatten(), len(numbers)) / counts for each in (x, y)]
        there = ids[row] > 0
        for axis, (middle, own, side) in enumerate(zip(middles, (x, y), (width, height), strict=True)):
            offsets[row, axis] = (middle[place] - own) / side * there
        for number, across, down in zip(numbers.tolist(), *(each.tolist() for each in middles), strict=True):
            if number > 0:
                along_x = torch.exp(-((x[0] - across) / spread).square() / 2)
                along_y = torch.exp(-((y[:, 0] - down) / spread).square() / 2)
                bumps[row] = torch.maximum(bumps[row], along_y[:, None] * along_x)
    return bumps, offsets
