"""The target of an example is another image, made a tensor when it is asked for."""

import torch
from tests.contracts.toys.plain import HeadGraph, ImagesTask
from torch import Tensor, nn

from convsight.augmentation import Augmentation, Batch, DenseTarget, ImageAugmentation, Variation
from convsight.card import Card
from convsight.datasets import Dataset, Examples
from convsight.inputs import InputSpec
from convsight.results import ImageResult
from convsight.settings import TrainSettings
from convsight.tasks.learner import Learner, OneNetwork
from convsight.tasks.target_tensors import TargetsOnDemand, TargetTensors


class Translation(ImagesTask):
    default_net = "two-convolutions"

    def net(self, name: str, settings: TrainSettings) -> str:
        return name

    def check(self, card: Card) -> None:
        """Any size will do."""

    def build(self, card: Card) -> nn.Module:
        narrow, wide = nn.Conv2d(card.input.channels, 8, 3, padding=1), nn.Conv2d(8, card.target.outputs, 3, padding=1)
        return nn.Sequential(narrow, nn.ReLU(), wide)

    def targets(self, examples: Examples) -> TargetTensors:
        def tensor(sample: int) -> dict[str, Tensor]:
            image = examples.targets[sample]
            assert isinstance(image, ImageResult)
            return {"image": torch.from_numpy(image.values).permute(2, 0, 1).float()}

        return TargetsOnDemand(tensor)

    def augmentation(self, dataset: Dataset, spec: InputSpec, settings: TrainSettings, passes: float) -> Augmentation:
        return ImageAugmentation(Variation(True, True, shift=0.1), {"image": DenseTarget()}, ("flips and shifts",))

    def mirrors(self, augmentation: Augmentation, settings: TrainSettings) -> bool:
        return False

    def learner(self, network: nn.Module, card: Card, settings: TrainSettings) -> Learner:
        def loss(network: nn.Module, batch: Batch) -> dict[str, Tensor]:
            return {"total": (network(batch.image).float().sigmoid() - batch.targets["image"]).square().mean()}

        return OneNetwork(network, loss)

    def graph(self, model: nn.Module, card: Card) -> nn.Module:
        return HeadGraph(card, model, lambda outputs: {"image": outputs.sigmoid()})
