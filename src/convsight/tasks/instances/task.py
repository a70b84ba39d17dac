"""Instances: which things does the image show, and which pixels has each?"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, final

import numpy as np
from PIL import Image
from torch import Tensor, nn

from convsight.augmentation import Augmentation, Batch, DenseTarget, MaskTarget
from convsight.card import Card
from convsight.datasets import Dataset, Examples
from convsight.errors import UserError
from convsight.inputs import ImageInput, InputSpec
from convsight.nets.encoder_weights import adapt_encoder
from convsight.nets.input_layers import InputLayer
from convsight.nets.stages import Stages
from convsight.nets.weights import Weights, read_weights
from convsight.results.mask_drawing import draw_masks
from convsight.results.masks import masks_of_ids
from convsight.settings import TrainSettings, changed, checked
from convsight.tasks.contract import Task
from convsight.tasks.image_size import in_proportion
from convsight.tasks.instances.augmentation import choose_augmentation
from convsight.tasks.instances.instance_net import IGNORE, InstanceNet
from convsight.tasks.instances.instance_tensors import InstanceTensors
from convsight.tasks.instances.light.settings import InstanceSettings
from convsight.tasks.instances.networks import NETWORKS, check_network
from convsight.tasks.learner import Learner, OneNetwork
from convsight.tasks.mask_question import MaskQuestion
from convsight.tasks.net_shape import net_shape
from convsight.tasks.question import Question
from convsight.tasks.target_tensors import TargetTensors

_OF_ONE_NET = {"marker": "cells", "overlap": "mask-rcnn"}  # a setting -> the network that it is for


@final
class Instances(Task):
    """Things with their pixels, by any network that is an `InstanceNet`."""

    default_net = "cells"
    batch_divisor = 4  # every image teaches thousands of pixels
    finetune_lr_scale = 1 / 3  # what follows the encoder is fresh

    def net(self, name: str, settings: TrainSettings) -> str:
        net, own = NETWORKS.canonical(name), InstanceSettings.of(settings)
        for setting in sorted(_OF_ONE_NET.keys() & changed(own)):
            if NETWORKS.parts(net)[0] != _OF_ONE_NET[setting]:
                raise UserError(f"--{setting} is for {_OF_ONE_NET[setting]}, not for {net}: leave it out")
        return net

    def build(self, card: Card) -> nn.Module:
        return NETWORKS.build(card.net, net_shape(card))

    def check(self, card: Card) -> None:
        check_network(card.net, net_shape(card))

    def options(self, settings: TrainSettings) -> dict[str, Any]:
        return InstanceSettings.of(settings).model_dump(include=set(_OF_ONE_NET))

    def input(self, net: str, dataset: Dataset, settings: TrainSettings) -> tuple[ImageInput, str]:
        return in_proportion(dataset.split("train"), settings)

    def targets(self, examples: Examples) -> TargetTensors:
        return InstanceTensors.of(examples)

    def augmentation(self, dataset: Dataset, spec: InputSpec, settings: TrainSettings, passes: float) -> Augmentation:
        kinds = {"ids": MaskTarget(0), "classes": MaskTarget(IGNORE), "depths": DenseTarget()}
        return choose_augmentation(dataset, spec, settings, kinds)

    def mirrors(self, augmentation: Augmentation, settings: TrainSettings) -> bool:
        return False  # things of two views have no mean

    def draw_targets(self, image: Image.Image, targets: Mapping[str, Tensor], card: Card) -> Image.Image:
        ids, classes = targets["ids"].numpy(), targets["classes"].numpy()
        masks = [mask for mask in masks_of_ids(ids) if mask.area]
        labels = [int(np.bincount(classes[mask.place][mask.pixels].clip(0)).argmax()) - 1 for mask in masks]
        shown = [mask.on(ids.shape[::-1], image.size) for mask in masks]
        return draw_masks(image, shown, labels if len(card.target.names) > 1 else range(len(masks)))

    def learner(self, network: nn.Module, card: Card, settings: TrainSettings) -> Learner:
        return OneNetwork(network, instance_loss)

    def asked(self, model: nn.Module, planes: Tensor, question: Question, card: Card) -> Tensor:
        assert isinstance(question, MaskQuestion)
        return _net(model).asked(planes, question)

    def graph(self, model: nn.Module, card: Card) -> nn.Module:
        own = checked(InstanceSettings, card.options)
        return InstanceGraph(InputLayer(card.input), _net(model), own.overlap)

    def weights(self, net: str, weights: str, *, download: bool) -> Weights:
        return read_weights(NETWORKS.borrowed_encoder(net), weights, download=download)

    def adapt(self, model: nn.Module, card: Card, weights: Weights) -> list[str]:
        shape = replace(net_shape(card), outputs=1)
        *notes, taken = adapt_encoder(_net(model).borrowed(), NETWORKS.borrowed_encoder(card.net), shape, weights)
        return [*notes, f"{taken}; what tells things apart starts fresh"]

    def stages(self, model: nn.Module, card: Card) -> Stages:
        return _net(model).backbone_stages((1, *card.input.planes_shape))


def instance_loss(network: nn.Module, batch: Batch) -> dict[str, Tensor]:
    """The losses of `network`, by its own rule."""
    return _net(network).losses(batch.image, batch.targets)


@final
class InstanceGraph(nn.Module):
    """The deployed network: loaded images (batch, height, width, channels) to what `InstanceReader` reads."""

    def __init__(self, inputs: nn.Module, model: InstanceNet, overlap: float) -> None:
        super().__init__()
        self.inputs = inputs
        self.model = model
        self.overlap = overlap

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        return self.model.arrays(self.inputs(images), self.overlap)


def _net(model: nn.Module) -> InstanceNet:
    if not isinstance(model, InstanceNet):
        raise TypeError(f"instances need an InstanceNet, not {type(model).__name__}")
    return model
