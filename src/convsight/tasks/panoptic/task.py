"""Panoptic: of which class is every pixel, and of which thing?"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, final

import torch
from PIL import Image
from torch import Tensor, nn

from convsight.augmentation import Augmentation, Batch, MaskTarget
from convsight.card import Card
from convsight.datasets import Dataset, Examples
from convsight.inputs import ImageInput, InputSpec
from convsight.nets.dry_run.build import build_without_memory
from convsight.nets.encoder_weights import adapt_encoder
from convsight.nets.input_layers import InputLayer
from convsight.nets.stages import Stages
from convsight.nets.weights import Weights, read_weights
from convsight.results import PanopticMap
from convsight.settings import TrainSettings
from convsight.targets import Palette, TargetSpec
from convsight.tasks.contract import Task
from convsight.tasks.image_size import in_proportion
from convsight.tasks.image_variation import choose_augmentation
from convsight.tasks.learner import Learner, OneNetwork
from convsight.tasks.mask_question import MaskQuestion
from convsight.tasks.net_shape import net_shape
from convsight.tasks.over_region import largest_in, mean_over
from convsight.tasks.panoptic.light.adoption import things_of
from convsight.tasks.panoptic.light.settings import PanopticSettings
from convsight.tasks.panoptic.networks import NETWORKS
from convsight.tasks.panoptic.panoptic_net import PanopticNet
from convsight.tasks.panoptic.panoptic_tensors import IGNORE, PanopticTensors
from convsight.tasks.question import Question
from convsight.tasks.target_tensors import TargetTensors


@final
class PanopticTask(Task):
    """A segment for every pixel, by a network of classes, centres and offsets."""

    default_net = "panoptic-unet"
    batch_divisor = 4  # every image teaches thousands of pixels
    finetune_lr_scale = 1 / 3  # what follows the encoder is fresh

    def net(self, name: str, settings: TrainSettings) -> str:
        return NETWORKS.canonical(name)

    def build(self, card: Card) -> nn.Module:
        return NETWORKS.build(card.net, net_shape(card))

    def check(self, card: Card) -> None:
        build_without_memory(NETWORKS.entry(card.net), net_shape(card))

    def options(self, settings: TrainSettings) -> dict[str, Any]:
        return PanopticSettings.of(settings).model_dump()

    def input(self, net: str, dataset: Dataset, settings: TrainSettings) -> tuple[ImageInput, str]:
        return in_proportion(dataset.split("train"), settings)

    def targets(self, examples: Examples) -> TargetTensors:
        return PanopticTensors.of(examples)

    def augmentation(self, dataset: Dataset, spec: InputSpec, settings: TrainSettings, passes: float) -> Augmentation:
        return choose_augmentation(dataset, spec, settings, {"ids": MaskTarget(0), "classes": MaskTarget(IGNORE)})

    def mirrors(self, augmentation: Augmentation, settings: TrainSettings) -> bool:
        return False  # segments of two views have no mean

    def draw_targets(self, image: Image.Image, targets: Mapping[str, Tensor], card: Card) -> Image.Image:
        palette = _palette(card.target)
        ids, classes = targets["ids"].long(), targets["classes"].long()
        # Each thing is a segment, and each class of stuff.
        code = torch.where(classes == IGNORE, 0, torch.where(ids > 0, len(palette.names) + ids, classes + 1))
        numbers = [int(number) for number in torch.unique(code).tolist() if number > 0]
        labels = [int(classes[code == number].mode().values) for number in numbers]
        return PanopticMap.of(palette.names, things_of(palette), code.numpy(), numbers, labels).draw(image)

    def learner(self, network: nn.Module, card: Card, settings: TrainSettings) -> Learner:
        return OneNetwork(network, panoptic_loss)

    def asked(self, model: nn.Module, planes: Tensor, question: Question, card: Card) -> Tensor:
        """The mean logit of its class over a segment, and of a thing the largest of its being a centre."""
        assert isinstance(question, MaskQuestion)
        logits, centres, _ = _net(model)(planes)
        sure = mean_over(logits[:, question.label], question.region)
        return sure + largest_in(centres, question.region) if things_of(_palette(card.target))[question.label] else sure

    def graph(self, model: nn.Module, card: Card) -> nn.Module:
        return PanopticGraph(InputLayer(card.input), _net(model))

    def weights(self, net: str, weights: str, *, download: bool) -> Weights:
        return read_weights(NETWORKS.borrowed_encoder(net), weights, download=download)

    def adapt(self, model: nn.Module, card: Card, weights: Weights) -> list[str]:
        shape = replace(net_shape(card), outputs=1)
        *notes, taken = adapt_encoder(_net(model).borrowed(), NETWORKS.borrowed_encoder(card.net), shape, weights)
        return [*notes, f"{taken}; what tells classes and things starts fresh"]

    def stages(self, model: nn.Module, card: Card) -> Stages:
        return _net(model).backbone_stages((1, *card.input.planes_shape))


def panoptic_loss(network: nn.Module, batch: Batch) -> dict[str, Tensor]:
    """The losses of `network`."""
    return _net(network).losses(batch.image, batch.targets, IGNORE)


@final
class PanopticGraph(nn.Module):
    """The deployed network: loaded images (batch, height, width, channels) to what `PanopticReader` reads."""

    def __init__(self, inputs: nn.Module, model: PanopticNet) -> None:
        super().__init__()
        self.inputs = inputs
        self.model = model

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        return self.model.arrays(self.inputs(images))


def _net(model: nn.Module) -> PanopticNet:
    if not isinstance(model, PanopticNet):
        raise TypeError(f"panoptic needs a PanopticNet, not {type(model).__name__}")
    return model


def _palette(target: TargetSpec) -> Palette:
    if not isinstance(target, Palette):
        raise TypeError(f"segments need a Palette, not {type(target).__name__}")
    return target
