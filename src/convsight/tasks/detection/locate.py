"""Classification with localisation: one class and one box for an image, by any network of the catalogue.

The first detector of the lectures: where an image shows one thing, four more numbers say where it is. Sermanet et al.,
"OverFeat", 2013, section 4.
"""

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor
from torch.nn import functional as F

from convsight.nets.catalogue import NetShape, build_net
from convsight.tasks.boxes.anchors import sides_of
from convsight.tasks.boxes.asked import log_odds
from convsight.tasks.boxes.nms import Candidates
from convsight.tasks.detection.box_losses import BOX_LOSSES
from convsight.tasks.detection.detector import Detector
from convsight.tasks.detection.light.settings import DetectionSettings

_BOX = 1.0  # weight of the box's loss


@final
class Locate(Detector):
    """The catalogue's network called `backbone`: logits of the classes and of nothing, and the box as four logits.

    Of several true boxes it learns the largest; an image without any teaches that there is nothing.
    """

    needs_nms = False

    def __init__(self, backbone: str, shape: NetShape) -> None:
        super().__init__()
        self.classes = shape.outputs
        self.net = build_net(backbone, NetShape(shape.outputs + 1 + 4, shape.channels, shape.height, shape.width))

    def losses(self, images: Tensor, targets: Mapping[str, Tensor], settings: DetectionSettings) -> dict[str, Tensor]:
        logits, boxes = self._outputs(images)
        largest, labels = largest_boxes(targets["boxes"], targets["labels"])
        there = labels >= 0
        wanted = torch.where(there, labels, self.classes)
        parts = {"class": F.cross_entropy(logits, wanted, label_smoothing=settings.label_smoothing)}
        sides = sides_of(images)
        apart = BOX_LOSSES[settings.box_loss](boxes * sides, largest * sides)
        parts["box"] = _BOX * (apart * there).sum() / there.sum().clamp(min=1)
        return {"total": parts["class"] + parts["box"], **parts}

    def candidates(self, images: Tensor, most: int) -> Candidates:
        logits, boxes = self._outputs(images)
        scores, labels = logits.softmax(dim=1)[:, : self.classes].max(dim=1, keepdim=True)
        return Candidates(boxes[:, None], scores, labels)

    def said_of(self, images: Tensor, label: int) -> tuple[Tensor, Tensor]:
        logits, boxes = self._outputs(images)
        return boxes[:, None], log_odds(logits, label)[:, None]

    def borrowed(self) -> Mapping[str, Tensor]:
        return self.net.state_dict()

    def _outputs(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Class logits (batch, classes + 1), the last one nothing's, and boxes (batch, 4) as fractions."""
        found = self.net(images).float()
        centre, sides = found[:, -4:].sigmoid().chunk(2, dim=1)
        return found[:, :-4], torch.cat([centre - sides / 2, centre + sides / 2], dim=1).clamp(0, 1)


def largest_boxes(boxes: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """The largest box (batch, 4) of (batch, most, 4) and its label (batch,), -1 where an image has none.

    >>> boxes = torch.tensor([[[0.0, 0, 0.5, 0.5], [0, 0, 0.9, 0.9]]])
    >>> largest_boxes(boxes, torch.tensor([[3, 7]]))[1], largest_boxes(boxes, torch.tensor([[3, -1]]))[1]
    (tensor([7]), tensor([3]))
    """
    areas = (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
    place = torch.where(labels >= 0, areas, -1.0).argmax(dim=1, keepdim=True)
    return boxes.gather(1, place[:, :, None].expand(-1, -1, 4))[:, 0], labels.gather(1, place)[:, 0].long()
