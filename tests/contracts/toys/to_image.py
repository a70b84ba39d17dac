"""What both toys with an image as the target have in common: two convolutions, and targets read when asked for."""

from abc import ABC

from tests.contracts.toys.plain import HeadGraph, ImagesTask, pixels
from torch import nn

from convsight.augmentation import Augmentation, DenseTarget, ImageAugmentation, Variation
from convsight.card import Card
from convsight.datasets import Dataset, Examples
from convsight.inputs import InputSpec
from convsight.settings import TrainSettings
from convsight.tasks.target_tensors import TargetsOnDemand, TargetTensors


class ToImage(ImagesTask, ABC):
    """All but the learner."""

    def build(self, card: Card) -> nn.Module:
        narrow, wide = nn.Conv2d(card.input.channels, 8, 3, padding=1), nn.Conv2d(8, card.target.outputs, 3, padding=1)
        return nn.Sequential(narrow, nn.ReLU(), wide)

    def targets(self, examples: Examples) -> TargetTensors:
        return TargetsOnDemand(lambda sample: {"image": pixels(examples.targets, sample)})

    def augmentation(self, dataset: Dataset, spec: InputSpec, settings: TrainSettings, passes: float) -> Augmentation:
        return ImageAugmentation(Variation(True, True, shift=0.1), {"image": DenseTarget()}, ("flips and shifts",))

    def mirrors(self, augmentation: Augmentation, settings: TrainSettings) -> bool:
        return False

    def graph(self, model: nn.Module, card: Card) -> nn.Module:
        return HeadGraph(card, model, lambda outputs: {"image": outputs.sigmoid()})
