"""SSD: boxes of fixed shapes around the cells of six maps, each told what it holds and how to move.

Liu et al., "SSD: Single Shot MultiBox Detector", 2016; SSDlite: Sandler et al., "MobileNetV2", 2018, section 6.2.
Parts, boxes and losses are torchvision's.
"""

from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import detection
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import box_iou

from convsight.nets.entry import NetShape
from convsight.nets.torchvision_nets import take_channels
from convsight.tasks.boxes.anchors import clipped, decoded, listed_targets
from convsight.tasks.boxes.asked import log_odds
from convsight.tasks.boxes.nms import Candidates, best_of_all_classes
from convsight.tasks.detection.detector import Detector
from convsight.tasks.detection.light.settings import DetectionSettings
from convsight.tasks.whole_batch import of_whole_batch

_MADE_FOR = (300, 300)  # px; only there are torchvision's steps from box to box those of the maps
_VGG_PARTED = 23  # the layer of VGG16's features at which torchvision begins to count anew


@final
class Ssd(Detector):
    """torchvision's SSD after VGG16, or, `lite`, after MobileNetV3, at any size.

    It learns by torchvision's own losses, whatever the settings say of them. `net` has torchvision's names, so that its
    weights for COCO fit.
    """

    def __init__(self, lite: bool, shape: NetShape) -> None:
        super().__init__()
        build = detection.ssdlite320_mobilenet_v3_large if lite else detection.ssd300_vgg16
        self.net: Any = build(weights=None, weights_backbone=None, num_classes=shape.outputs + 1)
        self.net.transform = nn.Identity()  # images come normalised, and at their size
        if (shape.height, shape.width) != _MADE_FOR:
            self.net.anchor_generator.steps = None  # without them each map covers the image evenly
        self.lite = lite
        if not lite:
            for block in self.net.backbone.extra[-2:]:
                block[2] = PaddingConv.of(block[2])
        if shape.channels != 3:
            take_channels(self.net, shape.channels)

    def losses(self, images: Tensor, targets: Mapping[str, Tensor], settings: DetectionSettings) -> dict[str, Tensor]:
        logits, codes, anchors = self._outputs(images)
        true = listed_targets(targets, images)
        matched = [
            self.net.proposal_matcher(box_iou(each["boxes"], anchors))
            if len(each["boxes"])
            else torch.full((len(anchors),), -1, device=anchors.device)
            for each in true
        ]
        predictions = {"cls_logits": logits, "bbox_regression": codes}
        with torch.autocast(images.device.type, enabled=False):
            found = self.net.compute_loss(true, predictions, [anchors] * len(true), matched)
        # torchvision divides by the anchors that hold things, of the images it sees.
        holding = torch.stack([(each >= 0).sum() for each in matched]).sum().float()
        share = holding.clamp(min=1.0) / of_whole_batch(holding, len(images), least=1.0)
        parts = {"class": found["classification"] * share, "box": found["bbox_regression"] * share}
        return {"total": parts["class"] + parts["box"], **parts}

    def candidates(self, images: Tensor, most: int) -> Candidates:
        boxes, logits = self._said(images)
        return best_of_all_classes(boxes, logits.softmax(dim=2)[:, :, 1:], most)

    def said_of(self, images: Tensor, label: int) -> tuple[Tensor, Tensor]:
        boxes, logits = self._said(images)
        return boxes, log_odds(logits, label + 1)

    def _said(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Boxes (batch, boxes, 4) as fractions, and logits of the background and of classes, (batch, boxes, ...)."""
        logits, codes, anchors = self._outputs(images)
        return clipped(decoded(codes, anchors, self.net.box_coder.weights), images), logits

    def borrowed(self) -> Mapping[str, Tensor]:
        if self.lite:  # torchvision halves the width of MobileNet's last layers
            return {}
        backbone: Any = self.net.backbone
        shallow = {f"features.{name}": value for name, value in backbone.features.state_dict().items()}
        # The last of them are SSD's own.
        deep = backbone.extra[0][:-1].state_dict()
        return shallow | {f"features.{_moved(name)}": value for name, value in deep.items()}

    @property
    def backbone(self) -> tuple[str, ...]:
        features = "net.backbone.features"
        if self.lite:
            return (features,)
        deep = len(self.net.backbone.extra[0]) - 1  # what follows is SSD's own
        return (features, *(f"net.backbone.extra.0.{place}" for place in range(deep)))

    def _outputs(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Class logits (batch, boxes, 1 + classes), codes (batch, boxes, 4), anchors (boxes, 4) in px."""
        maps = list(self.net.backbone(images).values())
        predictions = self.net.head(maps)
        image_list = ImageList(images, [(images.shape[2], images.shape[3])])
        anchors: Tensor = self.net.anchor_generator(image_list, [level.float() for level in maps])[0]
        return predictions["cls_logits"].float(), predictions["bbox_regression"].float(), anchors


def _moved(name: str) -> str:
    """`name` of a tensor of a layer, counted as in the whole VGG16."""
    place, _, rest = name.partition(".")
    return f"{_VGG_PARTED + int(place)}.{rest}"


@final
class PaddingConv(nn.Conv2d):
    """A convolution without padding that pads maps smaller than its kernel: SSD's last layers at sizes under 300 px."""

    @classmethod
    def of(cls, convolution: nn.Conv2d) -> "PaddingConv":
        """One with the weights of `convolution`."""
        padding_conv = cls(convolution.in_channels, convolution.out_channels, convolution.kernel_size[0])
        padding_conv.weight, padding_conv.bias = convolution.weight, convolution.bias
        return padding_conv

    def forward(self, maps: Tensor) -> Tensor:
        kernel = self.kernel_size[0]
        below, right = (max(0, kernel - side) for side in maps.shape[2:])
        if below or right:
            maps = F.pad(maps, (right // 2, right - right // 2, below // 2, below - below // 2))
        return super().forward(maps)
