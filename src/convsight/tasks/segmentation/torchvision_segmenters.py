"""torchvision's networks for this task: DeepLabV3, with the second head of its training, and LR-ASPP."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, final

from torch import Tensor, nn

from convsight.nets.entry import NetShape
from convsight.nets.segmenter import Answer, Segmenter, enlarged
from convsight.nets.torchvision_nets import take_channels

DEEPLAB_ENCODERS = ("resnet50", "resnet101", "mobilenet_v3_large")
LRASPP_ENCODERS = ("mobilenet_v3_large",)
_AUXILIARY = 0.5  # what the second head counts, as torchvision trains them


@final
class TorchvisionSegmenter(Segmenter):
    """torchvision's network, whose tensors are called as there, after `net.`.

    The second head of DeepLabV3 answers from a finer map, and only in a training: no deployed graph contains it.
    `within` is what the catalogue's network puts before the names that its tensors have in the backbone.
    """

    def __init__(self, net: nn.Module, within: str) -> None:
        super().__init__()
        self.net: Any = net
        self._within = within

    def forward(self, images: Tensor) -> Tensor:
        return self._logits(self.net.backbone(images), images)

    def answers(self, images: Tensor) -> Sequence[Answer]:
        maps = self.net.backbone(images)
        found = [Answer(self._logits(maps, images), 1.0)]
        if "aux" in maps:
            found.append(Answer(enlarged(self.net.aux_classifier(maps["aux"]), images.shape[2:]), _AUXILIARY))
        return found

    def borrowed(self) -> Mapping[str, Tensor]:
        return {self._within + name: value for name, value in self.net.backbone.state_dict().items()}

    @property
    def backbone(self) -> tuple[str, ...]:
        return ("net.backbone",)

    def _logits(self, maps: Mapping[str, Tensor], images: Tensor) -> Tensor:
        seen = maps.get("out", maps)  # DeepLabV3 looks at one map, LR-ASPP at both
        return enlarged(self.net.classifier(seen), images.shape[2:])


def deeplabv3(encoder: str, shape: NetShape) -> TorchvisionSegmenter:
    """DeepLabV3 after the network called `encoder`, one of `DEEPLAB_ENCODERS`, with fresh weights."""
    return _built(f"deeplabv3_{encoder}", encoder, shape, aux_loss=True)


def lraspp(encoder: str, shape: NetShape) -> TorchvisionSegmenter:
    """LR-ASPP after the network called `encoder`, one of `LRASPP_ENCODERS`, with fresh weights."""
    return _built(f"lraspp_{encoder}", encoder, shape)


def _built(name: str, encoder: str, shape: NetShape, **options: bool) -> TorchvisionSegmenter:
    make = getattr(import_module("torchvision.models.segmentation"), name)
    net: nn.Module = make(weights=None, weights_backbone=None, num_classes=shape.outputs, **options)
    if shape.channels != 3:
        take_channels(net, shape.channels)
    return TorchvisionSegmenter(net, "features." if encoder.startswith("mobilenet") else "")
