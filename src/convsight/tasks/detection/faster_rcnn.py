"""Faster R-CNN: a first stage proposes boxes, a second looks at each of them again.

Ren et al., "Faster R-CNN", 2015, with the pyramid of Lin et al., "Feature Pyramid Networks", 2017. Parts, anchors and
losses are torchvision's; its output is computed here once more with fixed shapes, so that it can be exported.
"""

import math
from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor, nn
from torchvision.models import detection
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import roi_align

from convsight.nets.entry import NetShape
from convsight.nets.torchvision_nets import take_channels
from convsight.tasks.detection.anchors import clipped, decoded, listed_targets, sides_of
from convsight.tasks.detection.detector import Detector
from convsight.tasks.detection.light.settings import DetectionSettings
from convsight.tasks.detection.nms import Candidates, best, nms

BACKBONES = {
    "resnet50": detection.fasterrcnn_resnet50_fpn,
    "mobilenet_v3_large": detection.fasterrcnn_mobilenet_v3_large_fpn,
}

_PROPOSED = 256  # boxes that the second stage looks at; also those of each level that the first one compares
_LEARNT = 128  # boxes of an image that the second stage learns from: Girshick, "Fast R-CNN", 2015, section 2.3
_SMALLEST, _MIN_DETECTION_PX = 1e-3, 1e-2  # px, as in torchvision


@final
class FasterRcnn(Detector):
    """torchvision's Faster R-CNN after `backbone`, one of `BACKBONES`.

    It learns by torchvision's own losses, whatever the settings say of them. `net` has torchvision's names, so that
    its weights for COCO fit.
    """

    def __init__(self, backbone: str, shape: NetShape) -> None:
        super().__init__()
        self.net = BACKBONES[backbone](
            weights=None,
            weights_backbone=None,
            num_classes=shape.outputs + 1,
            rpn_pre_nms_top_n_test=_PROPOSED,
            rpn_post_nms_top_n_test=_PROPOSED,
            rpn_score_thresh=0.0,
            box_batch_size_per_image=_LEARNT,
        )
        self.net.transform = nn.Identity()  # images come normalised, and at their size
        if shape.channels != 3:
            take_channels(self.net, shape.channels)

    def losses(self, images: Tensor, targets: Mapping[str, Tensor], settings: DetectionSettings) -> dict[str, Tensor]:
        return self.listed_losses(images, listed_targets(targets, images))

    def listed_losses(self, images: Tensor, true: list[dict[str, Tensor]]) -> dict[str, Tensor]:
        """`total` and its parts, of what is true as torchvision wants it; of masks too, where heads have them."""
        features = self.features(images)
        image_list = ImageList(images, [(images.shape[2], images.shape[3])] * len(images))
        with torch.autocast(images.device.type, enabled=False):  # boxes in px need more than 8 bits
            proposals, first = self.net.rpn(image_list, features, true)
            _, second = self.net.roi_heads(features, proposals, image_list.image_sizes, true)
        parts: dict[str, Tensor] = {name.removeprefix("loss_"): value for name, value in {**first, **second}.items()}
        return {"total": torch.stack(list(parts.values())).sum(), **parts}

    def candidates(self, images: Tensor, most: int) -> Candidates:
        return self.candidates_of(self.features(images), images, most)

    def candidates_of(self, features: Mapping[str, Tensor], images: Tensor, most: int) -> Candidates:
        """`candidates`, from the `features` of the images."""
        rois = self._proposed(features, images)
        heads = self.net.roi_heads
        pooled = pool(list(features.values())[: pooled_levels(self.net)], rois.boxes, images)
        logits, codes = heads.box_predictor(heads.box_head(pooled))
        batch, count = rois.scores.shape
        classes = logits.shape[1] - 1
        boxes = decoded(
            codes.reshape(batch, count, classes + 1, 4)[:, :, 1:], rois.boxes[:, :, None], heads.box_coder.weights
        )
        shares = clipped(boxes, images)
        there = (rois.scores > 0)[:, :, None] & _larger(shares, images, _MIN_DETECTION_PX)
        scores = logits.softmax(dim=1).reshape(batch, count, classes + 1)[:, :, 1:] * there
        labels = torch.arange(classes, device=logits.device).expand(batch, count, classes)
        return best(Candidates(shares.flatten(1, 2), scores.flatten(1), labels.flatten(1)), most)

    def borrowed(self) -> Mapping[str, Tensor]:
        body = self.net.backbone.body.state_dict()
        # torchvision takes the whole of ResNet, and of MobileNet what it calls `features`.
        return body if "conv1.weight" in body else {f"features.{name}": value for name, value in body.items()}

    @property
    def backbone(self) -> tuple[str, ...]:
        return ("net.backbone.body",)

    def features(self, images: Tensor) -> dict[str, Tensor]:
        """The maps of the pyramid by name, the finest first."""
        return {name: level.float() for name, level in self.net.backbone(images).items()}

    def _proposed(self, features: Mapping[str, Tensor], images: Tensor) -> Candidates:
        """What the first stage proposes: boxes in px, surest first; a score of 0 is no box."""
        rpn: Any = self.net.rpn
        levels = list(features.values())
        found = []
        for place, (logits, codes) in enumerate(zip(*rpn.head(levels), strict=True)):
            anchors = level_anchors(rpn.anchor_generator.cell_anchors[place], levels[place], images)
            flat = logits.permute(0, 2, 3, 1).flatten(1)
            scores, order = flat.topk(min(_PROPOSED, flat.shape[1]), dim=1)
            every = codes.unflatten(1, (-1, 4)).permute(0, 3, 4, 1, 2).flatten(1, 3)
            chosen = every.gather(1, order[:, :, None].expand(-1, -1, 4))
            boxes = clipped(decoded(chosen, anchors[order], rpn.box_coder.weights), images)
            scores = scores.sigmoid() * _larger(boxes, images, _SMALLEST)
            found.append(Candidates(boxes * sides_of(images), scores, torch.full_like(order, place)))
        together = Candidates(*(torch.cat(parts, dim=1) for parts in zip(*found, strict=True)))
        together = best(together, together.scores.shape[1])
        # Boxes of one level suppress one another.
        return best(nms(together, "class", rpn.nms_thresh), _PROPOSED)


def level_anchors(base: Tensor, level: Tensor, images: Tensor) -> Tensor:
    """The anchors (cells * shapes, 4) in px of one level of features: `base` (shapes, 4) around every cell's corner."""
    rows, columns = level.shape[2:]
    x = torch.arange(columns, device=level.device) * (images.shape[3] // columns)
    y = torch.arange(rows, device=level.device) * (images.shape[2] // rows)
    y, x = torch.meshgrid(y, x, indexing="ij")
    shifts = torch.stack([x, y, x, y], dim=2).reshape(-1, 1, 4)
    return (shifts + base.to(level.device)).reshape(-1, 4)


def pool(levels: list[Tensor], boxes: Tensor, images: Tensor, cells: int = 7) -> Tensor:
    """Features (batch * boxes, channels, cells, cells) of boxes (batch, boxes, 4) in px, from the level of their size.

    Every box is looked at in every level and one prediction taken, so that shapes are fixed. Which one it is: Lin et
    al., "Feature Pyramid Networks", 2017, equation 1.
    """
    batch, count = boxes.shape[:2]
    images_of = torch.arange(batch, device=boxes.device, dtype=boxes.dtype)[:, None, None].expand(-1, count, 1)
    rois = torch.cat([images_of, boxes], dim=2).reshape(-1, 5)
    halvings = [round(math.log2(images.shape[2] / level.shape[2])) for level in levels]
    sides = (rois[:, 3:] - rois[:, 1:3]).clamp(min=0)
    wanted = torch.floor(4 + torch.log2((sides[:, 0] * sides[:, 1]).sqrt() / 224) + 1e-6)
    place_of = (wanted.clamp(halvings[0], halvings[-1]) - halvings[0])[:, None, None, None]
    pooled = [
        roi_align(level, rois, (cells, cells), 0.5**halving, sampling_ratio=2) * (place_of == place)
        for place, (level, halving) in enumerate(zip(levels, halvings, strict=True))
    ]
    return torch.stack(pooled).sum(dim=0)


def pooled_levels(net: Any) -> int:
    """How many of the levels the second stage looks at: all but the one that was pooled from the last."""
    return len(net.rpn.anchor_generator.cell_anchors) - 1


def _larger(shares: Tensor, images: Tensor, min_side: float) -> Tensor:
    """Whether both sides of boxes (..., 4), shares of the image, have `min_side` px."""
    sides = (shares[..., 2:] - shares[..., :2]) * sides_of(images)[:2]
    return (sides >= min_side).all(dim=-1)
