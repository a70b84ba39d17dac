"""torchvision's detectors for COCO: which of ours each is, and how torchvision prepares images for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

from torch import Tensor

from convsight.images import InputSize
from convsight.nets.entry import Pretrained
from convsight.nets.torchvision_weights import file_digits, hub_file, read_hub_file
from convsight.tasks.detection.networks import DETECTORS, NETWORKS

_NOTHING = "N/A"  # what torchvision calls the numbers of COCO that no class has
_EPS = 1e-5  # of our batch normalisation


@dataclass(frozen=True)
class _TorchvisionDetector:
    """What a detector of torchvision is called here, its images, and the overlap of its suppression.

    torchvision scales to a shorter side of 800 px, or 320, and lets the longer one be what it is. Here every image has
    one size, so it is fitted into a square in which one of 4:3, as most of COCO's are, has nearly that scale.
    """

    net: str
    size: InputSize
    overlap: float
    zero_eps: bool = False


TORCHVISION_DETECTORS = {
    "fasterrcnn_resnet50_fpn": _TorchvisionDetector("faster-rcnn", InputSize(1056, 1056, "pad"), 0.5, zero_eps=True),
    "fasterrcnn_mobilenet_v3_large_fpn": _TorchvisionDetector(
        "faster-rcnn+mobilenet_v3_large", InputSize(1056, 1056, "pad"), 0.5
    ),
    "fasterrcnn_mobilenet_v3_large_320_fpn": _TorchvisionDetector(
        "faster-rcnn+mobilenet_v3_large", InputSize(416, 416, "pad"), 0.5
    ),
    "ssd300_vgg16": _TorchvisionDetector("ssd", InputSize(300, 300, "squash"), 0.45),
    "ssdlite320_mobilenet_v3_large": _TorchvisionDetector("ssdlite", InputSize(320, 320, "squash"), 0.55),
}


def coco_weights(name: str) -> Pretrained:
    """The weights for COCO that torchvision offers for its detector called `name`."""
    detector = TORCHVISION_DETECTORS[name]
    weights = import_module("torchvision.models").get_model_weights(name).DEFAULT
    images = DETECTORS[NETWORKS.parts(detector.net)[0]].images
    assert images is not None  # all of them have torchvision's weights
    return Pretrained(
        source=f"torchvision {weights.name}",
        licence="BSD-3-Clause",
        read=partial(read_hub_file, weights.url),
        mean=images[0],
        std=images[1],
        size=detector.size,
        classes=partial(_classes, weights),
        is_here=lambda: hub_file(weights.url).is_file(),
        place=weights.url,
        digits=file_digits(weights.url),
        as_loaded=_without_eps if detector.zero_eps else dict,
    )


def _classes(weights: Any) -> tuple[str, ...]:
    """COCO's classes by their numbers less one, since ours have none for the background."""
    names = weights.meta["categories"][1:]
    return tuple(f"{name} ({number})" if name == _NOTHING else name for number, name in enumerate(names, 1))


def _without_eps(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Variances of the backbone for normalisation that adds an epsilon: these weights were trained without one.

    torchvision sets it to 0 where it loads them (`overwrite_eps`).
    """
    return {
        name: value - _EPS if name.startswith("backbone.body.") and name.endswith("running_var") else value
        for name, value in tensors.items()
    }
