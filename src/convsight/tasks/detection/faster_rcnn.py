"""Faster R-CNN: a first stage proposes boxes, a second looks at each of them again; see `tasks/boxes/two_stages.py`."""

from collections.abc import Mapping
from typing import final

from torch import Tensor

from convsight.nets.entry import NetShape
from convsight.tasks.boxes.anchors import listed_targets
from convsight.tasks.boxes.nms import Candidates
from convsight.tasks.boxes.two_stages import body_tensors, build_two_stages, candidates, features, losses, said_of
from convsight.tasks.detection.detector import Detector
from convsight.tasks.detection.light.settings import DetectionSettings


@final
class FasterRcnn(Detector):
    """torchvision's Faster R-CNN after `backbone`, one of `BACKBONES`.

    It learns by torchvision's own losses, whatever the settings say of them. `net` has torchvision's names, so that
    its weights for COCO fit.
    """

    def __init__(self, backbone: str, shape: NetShape) -> None:
        super().__init__()
        self.net = build_two_stages(backbone, shape)

    def losses(self, images: Tensor, targets: Mapping[str, Tensor], settings: DetectionSettings) -> dict[str, Tensor]:
        return losses(self.net, images, listed_targets(targets, images))

    def candidates(self, images: Tensor, most: int) -> Candidates:
        return candidates(self.net, features(self.net, images), images, most)

    def said_of(self, images: Tensor, label: int) -> tuple[Tensor, Tensor]:
        return said_of(self.net, features(self.net, images), images, label)

    def borrowed(self) -> Mapping[str, Tensor]:
        return body_tensors(self.net)

    @property
    def backbone(self) -> tuple[str, ...]:
        return ("net.backbone.body",)
