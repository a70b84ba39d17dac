"""The networks of this task: a name -> a detector. `yolo-n+resnet18` comes after the catalogue's resnet18."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from convsight.errors import UserError, unknown_name
from convsight.nets.catalogue import NetShape, canonical_name, net_entry
from convsight.nets.entry import NetEntry
from convsight.nets.pyramid import build_pyramid
from convsight.nets.sizes import build_without_memory
from convsight.nets.yolo import SIZES, Backbone, Yolo
from convsight.tasks.detection.detector import Detector, YoloDetector
from convsight.tasks.detection.room import check_room

_BESIDE = "+"  # between a detector and the network of the catalogue that it comes after
_OURS, _TORCHVISIONS = "Apache-2.0", "BSD-3-Clause"
_SIDE, _CLASSES = 320, 80  # px, and COCO's classes, for which lists count

# Losses of their own. They work at any size, and begin with smaller pictures as all do; to keep changing it is offered
# for YOLO alone.
_FIXED = frozenset({"box_loss", "class_loss", "multi_scale"})
_TORCHVISIONS_FIXED = _FIXED | {"label_smoothing"}

Pictures = tuple[tuple[float, ...], tuple[float, ...]]  # mean and std of each channel, in 0..1
_IMAGENETS: Pictures = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_SSDS: Pictures = ((0.48235, 0.45882, 0.40784), (1 / 255,) * 3)
_HALVES: Pictures = ((0.5,) * 3, (0.5,) * 3)


@dataclass(frozen=True)
class DetectorEntry:
    """One detector. `build` takes the name of the network that it comes after, and the shape of pictures and classes.

    `usual` is that network where the user names none, empty for one of the detector's own. `others` are those that may
    take its place: the whole catalogue where it is None. `pictures` are those that torchvision's weights for the whole
    detector were trained on, None where it offers none. `deaf` are the settings that do nothing
    for it.
    """

    build: Callable[[str, NetShape], Detector]
    about: str
    source: str
    licence: str = _OURS
    usual: str = ""
    others: tuple[str, ...] | None = None
    pictures: Pictures | None = None
    deaf: frozenset[str] = frozenset()


def _yolo(size: str, backbone: str, shape: NetShape) -> Detector:
    chosen = SIZES[size]
    if not backbone:
        return YoloDetector(Yolo(Backbone(shape.channels, chosen), chosen.widths[2:], chosen.neck, shape.outputs))
    pyramid = build_pyramid(backbone, shape)
    return YoloDetector(Yolo(pyramid, pyramid.widths, chosen.neck, shape.outputs))


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
            partial(_yolo, size),
            "detector in one pass, without anchor boxes",
            "Redmon et al., You Only Look Once, 2016; Feng et al., TOOD, 2021",
            deaf=frozenset({"label_smoothing"}),
        )
        for size in SIZES
    },
    "faster-rcnn": DetectorEntry(
        _faster_rcnn,
        "detector in two stages: boxes are proposed, then looked at again",
        "Ren et al., Faster R-CNN: Towards Real-Time Object Detection with Region Proposal Networks, 2015",
        _TORCHVISIONS,
        usual="resnet50",
        others=("resnet50", "mobilenet_v3_large"),
        pictures=_IMAGENETS,
        deaf=_TORCHVISIONS_FIXED,
    ),
    "ssd": DetectorEntry(
        partial(_ssd, False),
        "detector in one pass, with boxes of fixed shapes on six maps",
        "Liu et al., SSD: Single Shot MultiBox Detector, 2016",
        _TORCHVISIONS,
        usual="vgg16",
        others=("vgg16",),
        pictures=_SSDS,
        deaf=_TORCHVISIONS_FIXED,
    ),
    "ssdlite": DetectorEntry(
        partial(_ssd, True),
        "SSD with depthwise convolutions after MobileNetV3",
        "Howard et al., Searching for MobileNetV3, 2019",
        _TORCHVISIONS,
        usual="mobilenet_v3_large",
        others=("mobilenet_v3_large",),
        pictures=_HALVES,
        deaf=_TORCHVISIONS_FIXED,
    ),
    "locate": DetectorEntry(
        _locate,
        "classification with localisation: one class and one box a picture",
        "Sermanet et al., OverFeat: Integrated Recognition, Localization and Detection, 2013",
        usual="small",
        deaf=frozenset({"class_loss", "multi_scale", "suppression", "overlap"}),  # a picture has one box
    ),
    "sliding-window": DetectorEntry(
        _sliding_window,
        "classifier of windows at every place and several sizes, the oldest detector",
        "Rowley et al., Neural Network-Based Face Detection, 1998",
        usual="small",
        deaf=_FIXED,
    ),
}


def is_detector(name: str) -> bool:
    """Whether `name` begins with that of a detector."""
    return name.partition(_BESIDE)[0] in DETECTORS


def canonical(name: str) -> str:
    """`name` as a card stores it; raises `UserError` where there is no such network, with the nearest ones.

    >>> canonical("yolo-n+conv 8 3x3 relu|globalavg | dense classes")
    'yolo-n+conv 8 3x3 relu | globalavg | dense classes'
    >>> canonical("faster-rcnn+resnet50")
    'faster-rcnn'
    """
    detector, beside, backbone = name.partition(_BESIDE)
    if detector not in DETECTORS:
        raise unknown_name("net", detector, DETECTORS)
    if not beside:
        return detector
    entry = DETECTORS[detector]
    if entry.others is not None:
        if backbone not in entry.others:
            raise UserError(f"{detector} comes after {' or '.join(entry.others)} alone, not after {backbone!r}")
    else:
        backbone = canonical_name(backbone)
        net_entry(backbone)  # raises for a name that the catalogue does not have
    return detector if backbone == entry.usual else detector + _BESIDE + backbone


def parted(name: str) -> tuple[str, str]:
    """The detector, and the network of the catalogue that it comes after, empty for one of its own.

    >>> parted("yolo-n+timm/resnet10t"), parted("faster-rcnn"), parted("yolo-n")
    (('yolo-n', 'timm/resnet10t'), ('faster-rcnn', 'resnet50'), ('yolo-n', ''))
    """
    detector, _, backbone = name.partition(_BESIDE)
    return detector, backbone or DETECTORS[detector].usual


def build_detector(name: str, shape: NetShape) -> Detector:
    """The network called `name` with fresh weights, drawn from PyTorch's global generator."""
    detector, backbone = parted(name)
    return DETECTORS[detector].build(backbone, shape)


def detector_entry(name: str) -> NetEntry:
    """What lists and descriptions need to know of the network called `name`."""
    entry = DETECTORS[parted(name)[0]]
    return NetEntry(
        partial(build_detector, name), entry.about, entry.licence, entry.source, side=_SIDE, outputs=_CLASSES
    )


def check_detector(name: str, shape: NetShape) -> None:
    """Raise `UserError` where the network called `name` cannot work on such pictures; computes shapes alone."""
    entry = detector_entry(name)
    build_without_memory(entry, shape)
    check_room(name, entry, shape)
