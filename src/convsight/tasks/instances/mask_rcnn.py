"""Mask R-CNN: boxes in two stages, and in each box the pixels of its thing.

He et al., "Mask R-CNN", 2017. Parts and losses are torchvision's; what it finds is computed by fixed shapes, as in
`tasks/boxes/two_stages.py`, so that it can be exported.
"""

from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor
from torchvision.ops import MultiScaleRoIAlign

from convsight.nets.entry import NetShape
from convsight.tasks.boxes.anchors import sides_of
from convsight.tasks.boxes.asked import logit_at
from convsight.tasks.boxes.nms import best, nms
from convsight.tasks.boxes.two_stages import (
    body_tensors,
    build_two_stages,
    candidates,
    features,
    losses,
    pool,
    pooled_levels,
    said_of,
)
from convsight.tasks.instances.instance_net import InstanceNet
from convsight.tasks.mask_question import MaskQuestion

_CANDIDATES = 256  # boxes of an image that suppression sees
_MAX_THINGS = 100  # boxes of an image that get masks, as COCO judges
_POOLED = 14  # cells along a side of what the mask's head sees of a box
_WIDTH = 256  # channels of torchvision's pyramid and of its head of masks


@final
class MaskRcnn(InstanceNet):
    """torchvision's Mask R-CNN after `backbone`, one of `BACKBONES`; `net` has torchvision's names."""

    options = frozenset({"overlap"})
    deaf = frozenset({"marker"})

    def __init__(self, backbone: str, shape: NetShape) -> None:
        super().__init__()
        self.net = build_two_stages(backbone, shape)
        heads: Any = self.net.roi_heads
        levels = heads.box_roi_pool.featmap_names
        heads.mask_roi_pool = MultiScaleRoIAlign(featmap_names=levels, output_size=_POOLED, sampling_ratio=2)
        heads.mask_head = MaskRCNNHeads(_WIDTH, (_WIDTH,) * 4, 1)
        heads.mask_predictor = MaskRCNNPredictor(_WIDTH, _WIDTH, shape.outputs + 1)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What `arrays` gives, for those who measure networks."""
        found = self.arrays(images, overlap=0.5)
        return found["boxes"], found["scores"], found["labels"], found["masks"]

    def losses(self, images: Tensor, targets: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return losses(self.net, images, listed_things(targets["ids"], targets["classes"]))

    def arrays(self, images: Tensor, overlap: float) -> dict[str, Tensor]:
        maps = features(self.net, images)
        found = best(nms(candidates(self.net, maps, images, _CANDIDATES), "class", overlap), _MAX_THINGS)
        levels = list(maps.values())[: pooled_levels(self.net)]
        heads: Any = self.net.roi_heads
        pooled = pool(levels, found.boxes * sides_of(images), images, _POOLED)
        logits: Tensor = heads.mask_predictor(heads.mask_head(pooled))
        batch, count = found.labels.shape
        own = (found.labels + 1).reshape(-1, 1, 1, 1).expand(-1, 1, *logits.shape[2:])
        masks = logits.gather(1, own)[:, 0].sigmoid().reshape(batch, count, *logits.shape[2:])
        return {"boxes": found.boxes, "scores": found.scores, "labels": found.labels.float(), "masks": masks}

    def asked(self, images: Tensor, question: MaskQuestion) -> Tensor:
        """The logit of its class at the box around its pixels, see `logit_at`."""
        boxes, logits = said_of(self.net, features(self.net, images), images, question.label)
        return logit_at(boxes, logits, question.box)

    def borrowed(self) -> Mapping[str, Tensor]:
        return body_tensors(self.net)

    @property
    def backbone(self) -> tuple[str, ...]:
        return ("net.backbone.body",)


def listed_things(ids: Tensor, classes: Tensor) -> list[dict[str, Tensor]]:
    """The things of each image as torchvision wants them: boxes in px, labels that begin at 1, and masks.

    `ids` and `classes` (batch, height, width) are as in `InstanceNet`. A thing is of the class of most of its pixels.

    >>> ids, classes = torch.tensor([[[0, 3, 3]]]), torch.tensor([[[0, 2, 2]]])
    >>> found = listed_things(ids, classes)[0]
    >>> found["boxes"].tolist(), found["labels"].tolist(), found["masks"].tolist()
    ([[1.0, 0.0, 3.0, 1.0]], [2], [[[0, 1, 1]]])
    """
    found = []
    for each, labels in zip(ids, classes, strict=True):
        numbers = each.unique()
        numbers = numbers[numbers > 0]
        masks = each[None] == numbers[:, None, None]
        across, down = masks.any(dim=1).int(), masks.any(dim=2).int()
        edges = [across.argmax(1), down.argmax(1)]
        edges += [each.shape[1] - across.flip(1).argmax(1), each.shape[0] - down.flip(1).argmax(1)]
        own = [labels[mask] for mask in masks]
        named = [part[part > 0].mode().values if bool((part > 0).any()) else part.new_tensor(1) for part in own]
        found.append(
            {
                "boxes": torch.stack(edges, dim=1).float(),
                "labels": torch.stack(named).long() if named else labels.new_zeros(0).long(),
                "masks": masks.to(torch.uint8),
            }
        )
    return found
