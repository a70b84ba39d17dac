"""`Detector`: a network of this task, which knows how it learns and what it proposes."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import final

import torch
from torch import Tensor, nn

from convsight.nets.pyramid import Pyramid
from convsight.nets.stages import Stages, stages_of
from convsight.tasks.boxes.anchors import clipped
from convsight.tasks.boxes.asked import Sides, weights_at
from convsight.tasks.boxes.nms import Candidates, best_of_all_classes
from convsight.tasks.detection.light.settings import DetectionSettings
from convsight.tasks.detection.yolo import Yolo, corners
from convsight.tasks.detection.yolo_loss import true_boxes, yolo_losses

_MAX_DETECTIONS = 100  # boxes of `forward`


class Detector(ABC, nn.Module):
    """A network for normalised images (batch, channels, height, width), with its loss and its candidates.

    Targets are `boxes` (batch, most, 4) as fractions of the image and `labels` (batch, most), -1 where there is none.
    """

    # Whether candidates of one thing must be suppressed; without it each image has one prediction.
    needs_nms: bool = True
    # The side in px of the windows that its network sees; None where that sees whole images.
    window: int | None = None

    @abstractmethod
    def losses(self, images: Tensor, targets: Mapping[str, Tensor], settings: DetectionSettings) -> dict[str, Tensor]:
        """`total` and its named parts, each a scalar."""

    @abstractmethod
    def candidates(self, images: Tensor, most: int) -> Candidates:
        """At most `most` boxes for each image, surest first, before suppression."""

    @abstractmethod
    def said_of(self, images: Tensor, label: int) -> tuple[Tensor, Tensor]:
        """Boxes (batch, places, 4) as fractions, and the logit of the score of class `label` there (batch, places).

        Of all places that it says something of, which may be other ones in every picture; gradients reach the logits.
        """

    @abstractmethod
    def borrowed(self) -> Mapping[str, Tensor]:
        """The tensors that a network of the catalogue has too, under the names that they have there."""

    def told_by(self, images: Tensor, label: int, box: Sides) -> str | None:
        """The name of the layer whose maps say most of class `label` at `box`; None where levels are not told apart."""
        return None

    @property
    def backbone(self) -> tuple[str, ...]:
        """The names of the modules that find features, of which `borrowed` are; none where the whole network does."""
        return ()

    def backbone_stages(self, shape: Sequence[int]) -> Stages:
        """The stages of what finds features, on images of `shape` (batch, channels, height, width)."""
        return stages_of(self, shape, within=self.backbone)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Boxes, scores and labels of the surest candidates, for those who measure networks."""
        found = self.candidates(images, _MAX_DETECTIONS)
        return found.boxes, found.scores, found.labels


@final
class YoloDetector(Detector):
    """The network of `yolo.py` with the loss of `yolo_loss.py`."""

    def __init__(self, net: Yolo) -> None:
        super().__init__()
        self.net = net

    def losses(self, images: Tensor, targets: Mapping[str, Tensor], settings: DetectionSettings) -> dict[str, Tensor]:
        logits, sides, cells = self.net(images)
        return yolo_losses(logits, sides, cells, true_boxes(targets["boxes"], targets["labels"], images), settings)

    def candidates(self, images: Tensor, most: int) -> Candidates:
        boxes, logits = self._said(images)
        return best_of_all_classes(boxes, logits.sigmoid(), most)

    def said_of(self, images: Tensor, label: int) -> tuple[Tensor, Tensor]:
        boxes, logits = self._said(images)
        return boxes, logits[..., label]

    def told_by(self, images: Tensor, label: int, box: Sides) -> str:
        with torch.no_grad():
            logits, sides, cells = self.net(images[:1])
            boxes = clipped(corners(sides, cells.centres, cells.strides), images)
            place = (logits[..., label] + weights_at(boxes, box).log()).argmax()
        strides = cells.strides[:, 0]
        level = len(strides[strides < strides[place]].unique())
        return f"net.neck.{self.net.neck.last_of(level)}"

    def _said(self, images: Tensor) -> tuple[Tensor, Tensor]:
        logits, sides, cells = self.net(images)
        return clipped(corners(sides, cells.centres, cells.strides), images), logits

    def borrowed(self) -> Mapping[str, Tensor]:
        backbone = self.net.backbone
        return backbone.net.state_dict() if isinstance(backbone, Pyramid) else {}

    @property
    def backbone(self) -> tuple[str, ...]:
        return ("net.backbone.net" if isinstance(self.net.backbone, Pyramid) else "net.backbone",)
