"""Detectors in two stages: the first proposes boxes, the second looks at each of them again.

Ren et al., "Faster R-CNN", 2015, with the pyramid of Lin et al., "Feature Pyramid Networks", 2017. Parts, anchors and
losses are torchvision's; what they find is computed here once more with fixed shapes, so that it can be exported. `net`
is everywhere what `build_two_stages` made.
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models import detection
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import roi_align

from convsight.nets.entry import NetShape
from convsight.nets.torchvision_nets import take_channels
from convsight.tasks.boxes.anchors import clipped, decoded, sides_of
from convsight.tasks.boxes.asked import log_odds
from convsight.tasks.boxes.nms import Candidates, best, nms

BACKBONES = {
    "resnet50": detection.fasterrcnn_resnet50_fpn,
    "mobilenet_v3_large": detection.fasterrcnn_mobilenet_v3_large_fpn,
}

_PROPOSED = 256  # boxes that the second stage looks at; also those of each level that the first one compares
_LEARNT = 128  # boxes of an image that the second stage learns from: Girshick, "Fast R-CNN", 2015, section 2.3
_SMALLEST, _MIN_DETECTION_PX = 1e-3, 1e-2  # px, as in torchvision


def build_two_stages(backbone: str, shape: NetShape) -> Any:
    """Torchvision's Faster R-CNN after `backbone`, one of `BACKBONES`, with fresh weights; its class 0 is no thing."""
    net: Any = BACKBONES[backbone](
        weights=None,
        weights_backbone=None,
        num_classes=shape.outputs + 1,
        rpn_pre_nms_top_n_test=_PROPOSED,
        rpn_post_nms_top_n_test=_PROPOSED,
        rpn_score_thresh=0.0,
        box_batch_size_per_image=_LEARNT,
    )
    net.transform = nn.Identity()  # images come normalised, and at their size
    if shape.channels != 3:
        take_channels(net, shape.channels)
    return net


def features(net: Any, images: Tensor) -> dict[str, Tensor]:
    """The maps of the pyramid by name, the finest first."""
    return {name: level.float() for name, level in net.backbone(images).items()}


def losses(net: Any, images: Tensor, true: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """`total` and its parts, of what is true as torchvision wants it; of masks too, where the heads have them."""
    levels = features(net, images)
    image_list = ImageList(images, [(images.shape[2], images.shape[3])] * len(images))
    with torch.autocast(images.device.type, enabled=False):  # boxes in px need more than 8 bits
        proposals, first = net.rpn(image_list, levels, true)
        _, second = net.roi_heads(levels, proposals, image_list.image_sizes, true)
    parts: dict[str, Tensor] = {name.removeprefix("loss_"): value for name, value in {**first, **second}.items()}
    return {"total": torch.stack(list(parts.values())).sum(), **parts}


def candidates(net: Any, levels: Mapping[str, Tensor], images: Tensor, most: int) -> Candidates:
    """At most `most` boxes for each image, surest first, before suppression; `levels` are the images' features."""
    rois = proposed(net, levels, images)
    shares, logits = _looked_at(net, levels, images, rois)
    there = (rois.scores > 0)[:, :, None] & _larger(shares, images, _MIN_DETECTION_PX)
    scores = logits.softmax(dim=2)[:, :, 1:] * there
    batch, count, classes = scores.shape
    labels = torch.arange(classes, device=logits.device).expand(batch, count, classes)
    return best(Candidates(shares.flatten(1, 2), scores.flatten(1), labels.flatten(1)), most)


def said_of(net: Any, levels: Mapping[str, Tensor], images: Tensor, label: int) -> tuple[Tensor, Tensor]:
    """Boxes (batch, boxes, 4) as fractions where class `label` would lie, and the logit of its score (batch, boxes).

    Boxes are those that the second stage looks at; gradients go through what it sees in them, not through their places.
    """
    rois = proposed(net, levels, images)
    given = Candidates(rois.boxes.detach(), rois.scores, rois.labels)
    shares, logits = _looked_at(net, levels, images, given)
    return shares[:, :, label], log_odds(logits, label + 1)


def _looked_at(net: Any, levels: Mapping[str, Tensor], images: Tensor, rois: Candidates) -> tuple[Tensor, Tensor]:
    """What the second stage says of boxes in px.

    As fractions where each class would lie (batch, boxes, classes, 4), and logits of the background and of classes.
    """
    heads = net.roi_heads
    pooled = pool(list(levels.values())[: pooled_levels(net)], rois.boxes, images)
    logits, codes = heads.box_predictor(heads.box_head(pooled))
    batch, count = rois.scores.shape
    told = codes.reshape(batch, count, logits.shape[1], 4)[:, :, 1:]
    boxes = decoded(told, rois.boxes[:, :, None], heads.box_coder.weights)
    return clipped(boxes, images), logits.reshape(batch, count, logits.shape[1])


def proposed(net: Any, features: Mapping[str, Tensor], images: Tensor) -> Candidates:
    """What the first stage proposes: boxes in px, surest first; a score of 0 is no box."""
    rpn = net.rpn
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


def body_tensors(net: Any) -> dict[str, Tensor]:
    """The tensors of the backbone under the names that the catalogue's network has them."""
    body = net.backbone.body.state_dict()
    # torchvision takes the whole of ResNet, and of MobileNet what it calls `features`.
    return body if "conv1.weight" in body else {f"features.{name}": value for name, value in body.items()}


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
