"""Segmentation: of which class is every pixel?"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from convsight.augmentation import Augmentation, Batch, MaskTarget
from convsight.card import Card
from convsight.datasets import Dataset, Examples
from convsight.inputs import InputSpec
from convsight.metrics import Measured
from convsight.nets.entry import NetShape
from convsight.nets.input_layers import InputLayer
from convsight.nets.segmenter import Answer, Segmenter
from convsight.nets.stages import Stages, stages_in
from convsight.nets.weights import Weights
from convsight.results import ClassMap
from convsight.settings import TrainSettings
from convsight.targets import Palette, TargetSpec, class_maps
from convsight.tasks.capabilities import Published, Start, mean_answer
from convsight.tasks.class_weights import class_weights
from convsight.tasks.contract import Task
from convsight.tasks.image_size import in_proportion, sizes, unmeasured
from convsight.tasks.image_variation import choose_augmentation
from convsight.tasks.learner import Learner, OneNetwork, by_own_loss
from convsight.tasks.net_shape import net_shape
from convsight.tasks.over_region import mean_over
from convsight.tasks.question import Question
from convsight.tasks.reader import Metrics
from convsight.tasks.segmentation.baselines import majority_baseline, place_baseline
from convsight.tasks.segmentation.figures import figures
from convsight.tasks.segmentation.light.metrics import ClassMapMetrics
from convsight.tasks.segmentation.light.region_question import RegionQuestion
from convsight.tasks.segmentation.light.settings import SegmentationSettings
from convsight.tasks.segmentation.losses import MaskLoss
from convsight.tasks.segmentation.mask_tensors import MaskTensors
from convsight.tasks.segmentation.networks import NETWORKS, check_segmenter, encoder_of
from convsight.tasks.segmentation.pretrained import adapt_segmenter, fill_segmenter, read_segmenter_weights
from convsight.tasks.segmentation.tiles import chosen_tile, refuse_tiles
from convsight.tasks.segmentation.torchvision_weights import SIZE, TORCHVISION_SEGMENTERS, coco_weights
from convsight.tasks.start import Usual, choose_start, untried_weights
from convsight.tasks.target_tensors import TargetTensors
from convsight.tasks.volume_size import hold_volumes, unmeasured_volumes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MASK = "mask"  # the name of the target
_USUAL = Usual("unet-s", "unet+efficientnet_lite0", "unet-3d-s")


@final
class Segmentation(Task):
    """A class for every pixel, by a network that gives logits of the input's size."""

    default_net = _USUAL.small
    trivial_baseline_name = "majority"
    batch_divisor = 4  # every image teaches thousands of pixels
    finetune_lr_scale = 1 / 3  # what follows the encoder is fresh

    def net(self, name: str, settings: TrainSettings) -> str:
        return NETWORKS.canonical(name)

    def start(self, dataset: Dataset, settings: TrainSettings) -> Start:
        return choose_start(dataset, settings, _USUAL)

    def untried_weights(self, card: Card) -> str:
        return untried_weights(card, encoder_of(card.net), _USUAL)

    def weights(self, net: str, weights: str, *, download: bool) -> Weights:
        return read_segmenter_weights(net, weights, download=download)

    def adapt(self, model: nn.Module, card: Card, weights: Weights) -> list[str]:
        return adapt_segmenter(_segmenter(model), card.net, net_shape(card), weights)

    def stages(self, model: nn.Module, card: Card) -> Stages:
        return stages_in(model, (1, *card.input.planes_shape))

    def published(self, name: str) -> Published | None:
        net = TORCHVISION_SEGMENTERS.get(name, name)
        if net not in NETWORKS:
            return None
        weights = (coco_weights(name),) if name in TORCHVISION_SEGMENTERS else ()
        return Published(NETWORKS.canonical(net), weights, {}, SIZE, Palette.of)

    def fill(self, model: nn.Module, card: Card, weights: Weights) -> list[str]:
        return fill_segmenter(_segmenter(model), card.net, net_shape(card), weights)

    def shape(self, card: Card) -> NetShape:
        """The shape of the network on `card`."""
        return net_shape(card)

    def build(self, card: Card) -> nn.Module:
        return NETWORKS.build(card.net, net_shape(card))

    def check(self, card: Card) -> None:
        check_segmenter(card.net, net_shape(card))

    def input(self, net: str, dataset: Dataset, settings: TrainSettings) -> tuple[InputSpec, str]:
        if (weights := SegmentationSettings.of(settings).class_weights) is not None:
            class_weights(weights, dataset.target.names, {})  # what is wrong is found before images are read
        split = dataset.split("train")
        if hold_volumes(split):
            refuse_tiles(settings)
            return unmeasured_volumes(split, settings, keeps_scale=True)
        if tile := chosen_tile(settings, sizes(split)):
            spec = unmeasured(tile.side, tile.side, "tile", split, settings.colour)
            return spec.model_copy(update={"overlap": tile.overlap}), tile.why
        return in_proportion(split, settings)

    def targets(self, examples: Examples) -> TargetTensors:
        return MaskTensors.of(examples, _MASK)

    def augmentation(self, dataset: Dataset, spec: InputSpec, settings: TrainSettings, passes: float) -> Augmentation:
        return choose_augmentation(dataset, spec, settings, {_MASK: MaskTarget(_palette(dataset.target).unknown)})

    def mirrors(self, augmentation: Augmentation, settings: TrainSettings) -> bool:
        return SegmentationSettings.of(settings).mirror and augmentation.mirrors

    def draw_targets(self, image: Image.Image, targets: Mapping[str, Tensor], card: Card) -> Image.Image:
        palette = _palette(card.target)
        indices = targets[_MASK].numpy()
        narrow: NDArray[Any] = indices.astype(np.uint8 if palette.unknown < 256 else np.uint16)
        return ClassMap(palette.names, palette.colours, narrow, palette.unknown).draw(image)

    def learner(self, network: nn.Module, card: Card, settings: TrainSettings) -> Learner:
        loss, told = MaskLoss.of(SegmentationSettings.of(settings), _palette(card.target))
        return OneNetwork(network, partial(_losses, loss=loss), told)

    def learner_by(self, loss: Callable[[Tensor, Tensor], Tensor], network: nn.Module, card: Card) -> Learner:
        return OneNetwork(network, by_own_loss(loss, lambda batch: batch.targets[_MASK].long()))

    def averaged(self, answers: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
        return mean_answer(answers)

    def averaged_calibration(self, cards: Sequence[Card]) -> dict[str, float]:
        return {}

    def trivial_baseline(self, train: Examples, judged: Examples) -> dict[str, Measured]:
        return majority_baseline(class_maps(train.targets), class_maps(judged.targets))

    def baselines(self, train: Examples, test: Examples) -> dict[str, dict[str, Measured]]:
        return {self.trivial_baseline_name: self.trivial_baseline(train, test), "place": place_baseline(train, test)}

    def figures(self, metrics: Metrics) -> "dict[str, Figure]":
        if not isinstance(metrics, ClassMapMetrics):
            raise TypeError(f"figures of segmentation need ClassMapMetrics, not {type(metrics).__name__}")
        return figures(metrics)

    def asked(self, model: nn.Module, planes: Tensor, question: Question, card: Card) -> Tensor:
        """The mean logit of a class over the region that was answered it."""
        assert isinstance(question, RegionQuestion)
        return mean_over(model(planes).float()[:, question.index], question.region)

    def graph(self, model: nn.Module, card: Card) -> nn.Module:
        return PixelGraph(InputLayer(card.input), model, card.mirror)


def _losses(network: nn.Module, batch: Batch, loss: MaskLoss) -> Mapping[str, Tensor]:
    """What the answers of `network` cost; those of heads that only a training has count as part `others`."""
    first, *others = (
        network.answers(batch.image) if isinstance(network, Segmenter) else [Answer(network(batch.image), 1.0)]
    )
    masks = batch.targets[_MASK]
    found = loss(first.logits, masks)
    if not others:
        return found
    more = torch.stack([other.weight * loss(other.logits, masks)["total"] for other in others]).sum()
    return {**found, "total": found["total"] + more, "others": more}


class PixelGraph(nn.Module):
    """The deployed network: loaded images to `probabilities` (batch, classes, height, width) at the input's size."""

    def __init__(self, inputs: nn.Module, model: nn.Module, mirror: bool) -> None:
        super().__init__()
        self.inputs = inputs
        self.model = model
        self.mirror = mirror

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        planes = self.inputs(images)
        logits = self.model(planes).float()
        if self.mirror:
            logits = (logits + self.model(planes.flip(-1)).float().flip(-1)) / 2
        return {"probabilities": logits.softmax(dim=1)}


def _segmenter(model: nn.Module) -> Segmenter:
    if not isinstance(model, Segmenter):
        raise TypeError(f"expected a network for segmentation, not {type(model).__name__}")
    return model


def _palette(target: TargetSpec) -> Palette:
    if not isinstance(target, Palette):
        raise TypeError(f"a class for every pixel needs a Palette, not {type(target).__name__}")
    return target
