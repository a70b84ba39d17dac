"""A U-Net that tells crowded things apart: of every pixel, of which class it is and how deep it lies in its thing.

The network is that of Ronneberger et al., "U-Net", 2015. Touching things are told apart by a distance to the rim that
is learnt and flooded: Naylor et al., "Segmentation of Nuclei in Histology Images by Deep Regression of the Distance
Map", 2019. Here distances are shares of each thing's largest, so that small things have a core as large ones do.
"""

from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor
from torch.nn import functional as F

from convsight.nets.entry import NetShape
from convsight.nets.halving_unet import halving_unet
from convsight.nets.unet import UNet, unet_after
from convsight.tasks.instances.instance_net import IGNORE, InstanceNet
from convsight.tasks.mask_question import MaskQuestion
from convsight.tasks.over_region import largest_in, mean_over
from convsight.tasks.whole_batch import of_whole_batch

_DEPTH = 3.0  # weight of the loss of depths
_STEEP = 0.1  # of a depth: larger errors cost in proportion, smaller ones by their square


@final
class Cells(InstanceNet):
    """`net` gives logits of the background and the classes, and a last one of the depth: (batch, classes + 2, ...)."""

    options = frozenset({"marker"})
    deaf = frozenset({"overlap"})

    def __init__(self, net: UNet, encoder: str) -> None:
        super().__init__()
        self.net = net
        self.encoder = encoder

    def forward(self, images: Tensor) -> Tensor:
        found: Tensor = self.net(images)
        return found

    def losses(self, images: Tensor, targets: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return cell_losses(self(images).float().contiguous(), targets["classes"].long(), targets["depths"])

    def arrays(self, images: Tensor, overlap: float) -> dict[str, Tensor]:
        logits = self(images).float()
        return {"probabilities": logits[:, :-1].softmax(dim=1), "depths": logits[:, -1].sigmoid()}

    def asked(self, images: Tensor, question: MaskQuestion) -> Tensor:
        """By how much the logit of its class is above the background's, over its pixels, and that of its depth.

        The depth is that at its deepest pixel: both make a thing's score.
        """
        logits = self(images).float()
        apart = logits[:, question.label + 1] - logits[:, 0]
        return mean_over(apart, question.region) + largest_in(logits[:, -1], question.region)

    def borrowed(self) -> Mapping[str, Tensor]:
        inner: Any = self.net.encoder
        return inner.net.state_dict() if self.encoder else {}

    @property
    def backbone(self) -> tuple[str, ...]:
        return ("net.encoder.net" if self.encoder else "net.encoder",)


def build_cells(encoder: str, shape: NetShape) -> Cells:
    """The network after the catalogue's network called `encoder`, empty for one of its own; with fresh weights."""
    outputs = shape.outputs + 2
    if encoder:
        return Cells(unet_after(encoder, NetShape(outputs, shape.channels, shape.height, shape.width)), encoder)
    return Cells(halving_unet(NetShape(outputs, shape.channels, shape.height, shape.width)), "")


def cell_losses(logits: Tensor, classes: Tensor, depths: Tensor) -> dict[str, Tensor]:
    """`total` of `class` (cross-entropy), `overlap` (1 less the Dice of things and background) and `depth`.

    Logits (batch, classes + 2, height, width), `classes` (batch, height, width) as in `InstanceNet`, `depths` (batch,
    1, height, width). Pixels of which nothing is known do not count.
    """
    known = classes != IGNORE
    count = of_whole_batch(known.sum().float(), len(classes), least=1.0)
    entropy = F.cross_entropy(logits[:, :-1], classes, ignore_index=IGNORE, reduction="sum")
    inside = (1 - logits[:, :-1].softmax(dim=1)[:, 0]) * known
    true = (classes > 0).float()
    shared, both = (inside * true).sum(dim=(1, 2)), inside.sum(dim=(1, 2)) + true.sum(dim=(1, 2))
    apart = F.smooth_l1_loss(logits[:, -1].sigmoid(), depths[:, 0].float(), beta=_STEEP, reduction="none") * known
    parts = {
        "class": entropy / count,
        "overlap": (1 - (2 * shared + 1) / (both + 1)).mean(),
        "depth": _DEPTH * apart.sum() / count,
    }
    return {"total": torch.stack(list(parts.values())).sum(), **parts}
