"""The networks of this task: a name -> a detector. `yolo-n+resnet18` comes after the catalogue's resnet18."""

from dataclasses import dataclass
from functools import partial

from convsight.nets.dry_run.build import build_without_memory
from convsight.nets.entry import NetShape
from convsight.nets.pyramid import build_pyramid
from convsight.nets.task_nets import TaskNet, TaskNets
from convsight.tasks.detection.detector import Detector, YoloDetector
from convsight.tasks.detection.min_size import check_min_size
from convsight.tasks.detection.yolo import SIZES, Backbone, Yolo

_OURS, _TORCHVISIONS = "Apache-2.0", "BSD-3-Clause"
_SIDE, _CLASSES = 320, 80  # px, and COCO's classes, for which lists count

# Losses of their own. They work at any size, and begin with smaller images as all do; to keep changing it is offered
# for YOLO alone.
_FIXED = frozenset({"box_loss", "class_loss", "multi_scale"})
_TORCHVISIONS_FIXED = _FIXED | {"label_smoothing"}

Images = tuple[tuple[float, ...], tuple[float, ...]]  # mean and std of each channel, in 0..1
_IMAGENETS: Images = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_SSDS: Images = ((0.48235, 0.45882, 0.40784), (1 / 255,) * 3)
_HALVES: Images = ((0.5,) * 3, (0.5,) * 3)


@dataclass(frozen=True)
class DetectorEntry:
    """One detector: the network, and what of the task concerns it alone.

    `images` are those that torchvision's weights for the whole detector were trained on, None where it offers none.
    `deaf` are the settings that do nothing for it.
    """

    net: TaskNet[Detector]
    images: Images | None = None
    deaf: frozenset[str] = frozenset()


_net = partial(TaskNet[Detector], side=_SIDE, outputs=_CLASSES)


def _yolo(size: str, backbone: str, shape: NetShape) -> Detector:
    chosen = SIZES[size]
    if not backbone:
        return YoloDetector(Yolo(Backbone(shape.channels, chosen), chosen.widths[2:], chosen.neck, shape.outputs))
    pyramid = build_pyramid(backbone, shape)
    return YoloDetector(Yolo(pyramid, pyramid.channels, chosen.neck, shape.outputs))


# torchvision is imported when one of its networks is asked for: it takes about a second.
def _faster_rcnn(backbone: str, shape: NetShape) -> Detector:
    from convsight.tasks.detection.faster_rcnn import FasterRcnn  # noqa: PLC0415

    return FasterRcnn(backbone, shape)


def _ssd(lite: bool, _: str, shape: NetShape) -> Detector:
    from convsight.tasks.detection.ssd import Ssd  # noqa: PLC0415

    return Ssd(lite, shape)


def _locate(backbone: str, shape: NetShape) -> Detector:
    from convsight.tasks.detection.locate import Locate  # noqa: PLC0415

    return Locate(backbone, shape)


def _sliding_window(backbone: str, shape: NetShape) -> Detector:
    from convsight.tasks.detection.sliding_window import SlidingWindow  # noqa: PLC0415

    return SlidingWindow(backbone, shape)


DETECTORS: dict[str, DetectorEntry] = {
    **{
        f"yolo-{size}": DetectorEntry(
            _net(
                partial(_yolo, size),
                "detector in one pass, without anchor boxes",
                "Redmon et al., You Only Look Once, 2016; Feng et al., TOOD, 2021",
                _OURS,
            ),
            deaf=frozenset({"label_smoothing"}),
        )
        for size in SIZES
    },
    "faster-rcnn": DetectorEntry(
        _net(
            _faster_rcnn,
            "detector in two stages: boxes are proposed, then looked at again",
            "Ren et al., Faster R-CNN: Towards Real-Time Object Detection with Region Proposal Networks, 2015",
            _TORCHVISIONS,
            encoder="resnet50",
            others=("resnet50", "mobilenet_v3_large"),
        ),
        _IMAGENETS,
        _TORCHVISIONS_FIXED,
    ),
    "ssd": DetectorEntry(
        _net(
            partial(_ssd, False),
            "detector in one pass, with boxes of fixed shapes on six maps",
            "Liu et al., SSD: Single Shot MultiBox Detector, 2016",
            _TORCHVISIONS,
            encoder="vgg16",
            others=("vgg16",),
        ),
        _SSDS,
        _TORCHVISIONS_FIXED,
    ),
    "ssdlite": DetectorEntry(
        _net(
            partial(_ssd, True),
            "SSD with depthwise convolutions after MobileNetV3",
            "Howard et al., Searching for MobileNetV3, 2019",
            _TORCHVISIONS,
            encoder="mobilenet_v3_large",
            others=("mobilenet_v3_large",),
        ),
        _HALVES,
        _TORCHVISIONS_FIXED,
    ),
    "locate": DetectorEntry(
        _net(
            _locate,
            "classification with localisation: one class and one box an image",
            "Sermanet et al., OverFeat: Integrated Recognition, Localization and Detection, 2013",
            _OURS,
            encoder="small",
        ),
        deaf=frozenset({"class_loss", "multi_scale", "suppression", "overlap"}),  # an image has one box
    ),
    "sliding-window": DetectorEntry(
        _net(
            _sliding_window,
            "classifier of windows at every place and several sizes, the oldest detector",
            "Rowley et al., Neural Network-Based Face Detection, 1998",
            _OURS,
            encoder="small",
        ),
        deaf=_FIXED,
    ),
}

NETWORKS = TaskNets({name: entry.net for name, entry in DETECTORS.items()})


def check_detector(name: str, shape: NetShape) -> None:
    """Raise `UserError` where the network called `name` cannot work on such images; computes shapes alone."""
    entry = NETWORKS.entry(name)
    build_without_memory(entry, shape)
    check_min_size(name, entry, shape)
