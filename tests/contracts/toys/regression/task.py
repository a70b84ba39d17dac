"""One number about an image, in any range, by any network of the catalogue."""

from typing import final

import torch
from tests.contracts.toys.plain import CatalogueTask, HeadGraph, mean_and_std, numbers
from torch import Tensor, nn

from convsight.augmentation import Batch
from convsight.card import Card
from convsight.datasets import Examples
from convsight.settings import TrainSettings
from convsight.tasks.learner import Learner, OneNetwork
from convsight.tasks.target_tensors import HeldTargets, TargetTensors


@final
class Regression(CatalogueTask):
    def targets(self, examples: Examples) -> TargetTensors:
        return HeldTargets({"numbers": torch.from_numpy(numbers(examples.targets)).float()})

    def learner(self, network: nn.Module, card: Card, settings: TrainSettings) -> Learner:
        def loss(network: nn.Module, batch: Batch) -> dict[str, Tensor]:
            outputs, wanted = network(batch.image).float(), batch.targets["numbers"]
            mean, std = mean_and_std(card, wanted)
            return {"total": (outputs - (wanted - mean) / std).square().mean()}

        return OneNetwork(network, loss)

    def graph(self, model: nn.Module, card: Card) -> nn.Module:
        def head(outputs: Tensor) -> dict[str, Tensor]:
            mean, std = mean_and_std(card, outputs)
            return {"numbers": outputs * std + mean}

        return HeadGraph(card, model, head)
