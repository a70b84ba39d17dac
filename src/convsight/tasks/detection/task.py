"""Detection: which things does the image show, and where?"""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from convsight.augmentation import Augmentation, Batch
from convsight.card import Card
from convsight.datasets import Dataset, Examples, Split
from convsight.errors import UserError
from convsight.images import InputSize
from convsight.inputs import ImageInput, InputSpec
from convsight.metrics import Measured
from convsight.nets.input_layers import InputLayer
from convsight.nets.stages import Stages
from convsight.nets.weights import Weights
from convsight.results import BoxLists
from convsight.results.drawing import Corners, draw_boxes
from convsight.settings import TrainSettings, changed, checked
from convsight.tasks.box_question import BoxQuestion
from convsight.tasks.boxes.asked import logit_at
from convsight.tasks.boxes.nms import NmsKind, best, nms
from convsight.tasks.capabilities import Published
from convsight.tasks.contract import Task
from convsight.tasks.detection.augmentation import BOXES, choose_augmentation
from convsight.tasks.detection.detector import Detector
from convsight.tasks.detection.figures import figures
from convsight.tasks.detection.light.metrics import BoxMetrics
from convsight.tasks.detection.light.settings import DetectionSettings
from convsight.tasks.detection.min_size import MIN_SIDE, STRIDE
from convsight.tasks.detection.networks import DETECTORS, NETWORKS, check_detector
from convsight.tasks.detection.pretrained import adapt_detector, fill_detector, read_detector_weights
from convsight.tasks.detection.torchvision_detectors import TORCHVISION_DETECTORS, coco_weights
from convsight.tasks.image_size import sizes, unmeasured
from convsight.tasks.learner import Learner, OneNetwork
from convsight.tasks.net_shape import net_shape
from convsight.tasks.question import Question
from convsight.tasks.rare_classes import rarest_class_weights
from convsight.tasks.reader import Metrics
from convsight.tasks.target_tensors import HeldTargets, TargetTensors
from convsight.words import counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DEFAULT_SIDE = 320
_SIZE = InputSize(_DEFAULT_SIDE, _DEFAULT_SIDE, "squash")  # of images where nobody tells
_CANDIDATES = 256  # boxes of an image that suppression sees
_MAX_DETECTIONS = 100  # boxes of an image that are reported, as COCO judges


@final
class Detection(Task):
    """Boxes with classes and scores, by any network that is a `Detector`."""

    default_net = "yolo-n"
    batch_divisor = 2  # an image holds several things
    finetune_lr_scale = 1 / 3  # what follows the backbone is fresh
    trivial_baseline_name = "copied"

    def net(self, name: str, settings: TrainSettings) -> str:
        net, own = NETWORKS.canonical(name), DetectionSettings.of(settings)
        for setting in sorted(DETECTORS[NETWORKS.parts(net)[0]].deaf & (settings.changed() | changed(own))):
            raise UserError(
                f"--{setting.replace('_', '-')} cannot be used with {net}: leave it out, or take another --net"
            )
        if own.suppression == "soft" and "overlap" in changed(own):
            raise UserError(
                "--overlap cannot be used with --suppression soft, which suppresses no box but lowers scores by how "
                "much boxes overlap: leave one of them out"
            )
        return net

    def weights(self, net: str, weights: str, *, download: bool) -> Weights:
        return read_detector_weights(net, weights, download=download)

    def adapt(self, model: nn.Module, card: Card, weights: Weights) -> list[str]:
        return adapt_detector(_detector(model), card.net, net_shape(card), weights)

    def stages(self, model: nn.Module, card: Card) -> Stages:
        return _detector(model).backbone_stages((1, *card.input.planes_shape))

    def published(self, name: str) -> Published | None:
        offered = TORCHVISION_DETECTORS.get(name)
        net = offered.net if offered else name
        if net not in NETWORKS:
            return None
        weights, size = ((coco_weights(name),), offered.size) if offered else ((), _SIZE)
        overlap = {"overlap": offered.overlap} if offered else {}
        options = DetectionSettings(**overlap).model_dump(include={"suppression", "overlap"})
        return Published(NETWORKS.canonical(net), weights, options, size)

    def fill(self, model: nn.Module, card: Card, weights: Weights) -> list[str]:
        return fill_detector(_detector(model), card.net, net_shape(card), weights)

    def options(self, settings: TrainSettings) -> dict[str, Any]:
        own = DetectionSettings.of(settings)
        return {"suppression": own.suppression, "overlap": own.overlap}

    def build(self, card: Card) -> nn.Module:
        return NETWORKS.build(card.net, net_shape(card))

    def targets(self, examples: Examples) -> TargetTensors:
        targets = _boxes(examples)
        most = max(1, *(len(targets[index]) for index in range(len(targets))))
        boxes = np.zeros((len(targets), most, 4), np.float32)
        labels = np.full((len(targets), most), -1, np.int64)
        for index, true in enumerate(targets):
            wanted = true.select(~true.crowd)  # a region of many teaches no box
            geometry = examples.images.spec.geometry(examples.images.size(index))
            boxes[index, : len(wanted)] = geometry.fractions(wanted.xyxy).clip(0, 1)
            labels[index, : len(wanted)] = wanted.labels
        return HeldTargets({"boxes": torch.from_numpy(boxes), "labels": torch.from_numpy(labels)})

    def augmentation(self, dataset: Dataset, spec: InputSpec, settings: TrainSettings, passes: float) -> Augmentation:
        return choose_augmentation(dataset, settings, STRIDE, passes)

    def draw_targets(self, image: Image.Image, targets: Mapping[str, Tensor], card: Card) -> Image.Image:
        there = targets["labels"] >= 0
        sides = torch.tensor([image.width, image.height] * 2)
        corners: list[Corners] = [tuple(box) for box in (targets["boxes"][there] * sides).tolist()]
        labels = targets["labels"][there].tolist()
        return draw_boxes(image, [(box, card.target.names[k]) for box, k in zip(corners, labels, strict=True)], labels)

    def learner(self, network: nn.Module, card: Card, settings: TrainSettings) -> Learner:
        return OneNetwork(network, partial(box_loss, settings=DetectionSettings.of(settings)))

    def weights_of(self, train: Examples, settings: TrainSettings) -> tuple[NDArray[np.float64] | None, str]:
        if DetectionSettings.of(settings).sampling == "each":
            return None, ""
        boxes = _boxes(train)
        return rarest_class_weights([each.labels[~each.crowd] for each in boxes], len(boxes.classes))

    def mirrors(self, augmentation: Augmentation, settings: TrainSettings) -> bool:
        return False  # boxes of two views have no mean

    def asked(self, model: nn.Module, planes: Tensor, question: Question, card: Card) -> Tensor:
        """The logit of the class at the box that is asked about, see `logit_at`."""
        assert isinstance(question, BoxQuestion)
        return logit_at(*_detector(model).said_of(planes, question.label), question.box)

    def told_by(self, model: nn.Module, planes: Tensor, question: Question) -> str | None:
        assert isinstance(question, BoxQuestion)
        return _detector(model).told_by(planes, question.label, question.box)

    def graph(self, model: nn.Module, card: Card) -> nn.Module:
        own = checked(DetectionSettings, card.options)
        return BoxGraph(InputLayer(card.input), _detector(model), own.suppression, own.overlap)

    def baselines(self, train: Examples, test: Examples) -> dict[str, dict[str, Measured]]:
        return {self.trivial_baseline_name: self.trivial_baseline(train, test)}

    def trivial_baseline(self, train: Examples, judged: Examples) -> dict[str, Measured]:
        """Every image predicted as the boxes of one training image, the one with the median number of them."""
        train_targets, judged_targets = _boxes(train), _boxes(judged)
        order = np.argsort([len(train_targets[index]) for index in range(len(train_targets))], kind="stable")
        copied = train_targets[int(order[len(order) // 2])]
        metrics = BoxMetrics(train_targets.classes)
        for index, true in enumerate(judged_targets):
            metrics.update(true, copied.on(_size(judged, index)))
        found = metrics.compute(intervals=False)
        return {name: found[name] for name in ("AP", "AP50")}

    def check(self, card: Card) -> None:
        """The sides are whole strides and any number of classes will do, but not any backbone, nor any size."""
        check_detector(card.net, net_shape(card))

    def input(self, net: str, dataset: Dataset, settings: TrainSettings) -> tuple[ImageInput, str]:
        split = dataset.split("train")
        width, height = np.median(sizes(split), axis=0)
        longest = settings.size or min(_DEFAULT_SIDE, max(MIN_SIDE, int(max(width, height))))
        scale = longest / max(width, height)
        # The shorter side of long images is not left too small; a --size that is, `check` refuses.
        min_side = max(STRIDE, min(MIN_SIDE, _strides(longest)))
        rows, columns = (max(min_side, _strides(side * scale)) for side in (height, width))
        spec = unmeasured(rows, columns, settings.fit or "squash", split, settings.colour)
        why = f"images of {columns} x {rows} px; the data has {width:.0f} x {height:.0f}"
        if thin := _too_thin(split, spec):
            thin_boxes = f"{counted(thin, 'box', 'es')} under {BOXES.min_side_px:g} px wide or high there"
            why += f"; little or nothing is learnt from {thin_boxes}: try a larger --size"
        return spec, why

    def figures(self, metrics: Metrics) -> "dict[str, Figure]":
        if not isinstance(metrics, BoxMetrics):
            raise TypeError(f"figures of detection need BoxMetrics, not {type(metrics).__name__}")
        return figures(metrics)


def box_loss(network: nn.Module, batch: Batch, settings: DetectionSettings) -> dict[str, Tensor]:
    """The losses of the detector `network`, by its own rule."""
    return _detector(network).losses(batch.image, batch.targets, settings)


class BoxGraph(nn.Module):
    """The deployed network: RGB uint8 (batch, height, width, 3) to `boxes`, `scores` and `labels`, suppressed.

    Shapes: (batch, 100, 4) as fractions of the image, and (batch, 100); a score of 0 is no box.
    """

    def __init__(self, inputs: nn.Module, model: Detector, suppression: NmsKind, overlap: float) -> None:
        super().__init__()
        self.inputs = inputs
        self.model = model
        self.suppression = suppression
        self.overlap = overlap

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        found = self.model.candidates(self.inputs(images), _CANDIDATES)
        if self.model.needs_nms:
            found = nms(found, self.suppression, self.overlap)
        found = best(found, _MAX_DETECTIONS)
        return {"boxes": found.boxes, "scores": found.scores, "labels": found.labels.float()}


def _too_thin(split: Split, spec: ImageInput) -> int:
    """How many boxes are too small to be learnt once their images are fitted as `spec` says."""
    pixels = np.array([spec.width, spec.height])
    count = 0
    for boxes in filter(len, _boxes(split)):
        corners = spec.geometry(boxes.size).fractions(boxes.xyxy[~boxes.crowd])
        count += int(((corners[:, 2:] - corners[:, :2]) * pixels < BOXES.min_side_px).any(axis=1).sum())
    return count


def _size(examples: Examples, index: int) -> tuple[int, int]:
    width, height = examples.images.size(index)
    return width, height


def _strides(side: float) -> int:
    """`side` in pixels as the nearest multiple of `STRIDE`."""
    return STRIDE * round(side / STRIDE)


def _detector(model: nn.Module) -> Detector:
    if not isinstance(model, Detector):
        raise TypeError(f"detection needs a Detector, not {type(model).__name__}")
    return model


def _boxes(examples: Examples | Split) -> BoxLists:
    if not isinstance(examples.targets, BoxLists):
        raise TypeError(f"detection needs BoxLists as targets, not {type(examples.targets).__name__}")
    return examples.targets
