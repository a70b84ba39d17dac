"""One number about an image, in any range."""

import torch
from tests.contracts.toys.plain import HeadGraph, ImagesTask, numbers
from torch import Tensor, nn

from convsight.augmentation import Batch
from convsight.card import Card
from convsight.datasets import Examples
from convsight.settings import TrainSettings
from convsight.targets import NumberTargets
from convsight.tasks.learner import Learner, OneNetwork
from convsight.tasks.target_tensors import HeldTargets, TargetTensors


class Regression(ImagesTask):
    def targets(self, examples: Examples) -> TargetTensors:
        return HeldTargets({"numbers": torch.from_numpy(numbers(examples.targets)).float()})

    def learner(self, network: nn.Module, card: Card, settings: TrainSettings) -> Learner:
        def loss(network: nn.Module, batch: Batch) -> dict[str, Tensor]:
            return {"total": (network(batch.image).float() - _scaled(batch.targets["numbers"], card)).square().mean()}

        return OneNetwork(network, loss)

    def graph(self, model: nn.Module, card: Card) -> nn.Module:
        return HeadGraph(card, model, lambda outputs: {"numbers": _unscaled(outputs, card)})


def _scaled(values: Tensor, card: Card) -> Tensor:
    assert isinstance(card.target, NumberTargets)
    return (values - torch.tensor(card.target.mean)) / torch.tensor(card.target.std)


def _unscaled(values: Tensor, card: Card) -> Tensor:
    assert isinstance(card.target, NumberTargets)
    return values * torch.tensor(card.target.std) + torch.tensor(card.target.mean)
