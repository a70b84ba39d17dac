"""What toys have in common: nothing to choose, small images, a graph with a head of their own."""

from abc import ABC
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from convsight.card import Card
from convsight.datasets import Dataset
from convsight.inputs import InputSpec
from convsight.nets.catalogue import build_net, canonical_name, check_size
from convsight.nets.input_layers import InputLayer
from convsight.results import ImageResult, Labels, NumbersOfMany
from convsight.settings import TrainSettings
from convsight.targets import NumberTargets, Targets
from convsight.tasks.contract import Task
from convsight.tasks.image_size import unmeasured
from convsight.tasks.net_shape import net_shape

SIDE = 32  # px: large enough that trainings of other tasks begin with smaller ones


class PlainTask(Task, ABC):
    """One network of its own, which takes inputs of any size."""

    default_net = "its-own"

    def net(self, name: str, settings: TrainSettings) -> str:
        return name

    def check(self, card: Card) -> None:
        """Any size will do."""


class ImagesTask(PlainTask, ABC):
    """Images of 32 px."""

    def input(self, net: str, dataset: Dataset, settings: TrainSettings) -> tuple[InputSpec, str]:
        return unmeasured(SIDE, SIDE, "squash"), f"images of {SIDE} px"


class CatalogueTask(ImagesTask, ABC):
    """Images of 32 px, any network of the catalogue."""

    default_net = "conv 8 3x3 relu | maxpool 2 | conv 16 3x3 relu | globalavg | dense outputs"

    def net(self, name: str, settings: TrainSettings) -> str:
        return canonical_name(name)

    def check(self, card: Card) -> None:
        check_size(card.net, net_shape(card))

    def build(self, card: Card) -> nn.Module:
        return build_net(card.net, net_shape(card))


class HeadGraph(nn.Module):
    """Inputs as they are loaded, a network, and what makes named arrays of its outputs."""

    def __init__(self, card: Card, model: nn.Module, head: Callable[[Tensor], dict[str, Tensor]]) -> None:
        super().__init__()
        self.inputs = InputLayer(card.input)
        self.model = model
        self.head = head

    def forward(self, loaded: Tensor) -> dict[str, Tensor]:
        return self.head(self.model(self.inputs(loaded)).float())


def numbers(targets: Targets) -> NDArray[np.float64]:
    """The values of targets that are numbers."""
    assert isinstance(targets, NumbersOfMany)
    return targets.values


def mean_and_std(card: Card, like: Tensor) -> tuple[Tensor, Tensor]:
    """Of the numbers that are predicted, where `like` is."""
    assert isinstance(card.target, NumberTargets)
    return like.new_tensor(card.target.mean), like.new_tensor(card.target.std)


def indices(targets: Targets) -> NDArray[np.int64]:
    """The classes of targets that are labels."""
    assert isinstance(targets, Labels)
    return targets.indices


def pixels(targets: Targets, sample: int) -> Tensor:
    """One of the targets that are images: (channels, height, width)."""
    image = targets[sample]
    assert isinstance(image, ImageResult)
    return torch.from_numpy(image.values).permute(2, 0, 1).float()
