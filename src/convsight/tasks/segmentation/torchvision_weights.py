"""torchvision's weights for this task: which of our networks they are for, and how torchvision prepares images."""

from functools import partial
from importlib import import_module
from typing import Any

from convsight.images import InputSize
from convsight.nets.entry import Pretrained
from convsight.nets.torchvision_weights import file_digits, hub_file, read_hub_file

# What torchvision calls its networks -> what they are here.
TORCHVISION_SEGMENTERS = {
    "deeplabv3_resnet50": "deeplabv3",
    "deeplabv3_resnet101": "deeplabv3+resnet101",
    "deeplabv3_mobilenet_v3_large": "deeplabv3+mobilenet_v3_large",
    "lraspp_mobilenet_v3_large": "lraspp",
}
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of the images they were trained on
# torchvision scales to a shorter side of 520 px and lets the longer one be what it is. Here every image has one size: a
# square in which one of 4:3 has nearly that scale.
SIZE = InputSize(704, 704, "pad")
_BACKGROUND = "__background__"  # what torchvision calls it


def coco_weights(name: str) -> Pretrained:
    """The weights for COCO, with the classes of Pascal VOC, that torchvision offers for its network called `name`."""
    weights = import_module("torchvision.models").get_model_weights(name).DEFAULT
    return Pretrained(
        source=f"torchvision {weights.name}",
        licence="BSD-3-Clause",
        read=partial(read_hub_file, weights.url),
        mean=MEAN,
        std=STD,
        size=SIZE,
        classes=partial(_classes, weights),
        is_here=lambda: hub_file(weights.url).is_file(),
        place=weights.url,
        digits=file_digits(weights.url),
    )


def _classes(weights: Any) -> tuple[str, ...]:
    return tuple("background" if name == _BACKGROUND else name for name in weights.meta["categories"])
