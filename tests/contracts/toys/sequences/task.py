"""The input is a sequence: which of two waves is it?"""

import numpy as np
import torch
from tests.contracts.toys.plain import HeadGraph
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from convsight.augmentation import Batch
from convsight.card import Card
from convsight.datasets import Dataset, Examples
from convsight.inputs import InputSpec, SequenceInput
from convsight.results import Labels
from convsight.settings import TrainSettings
from convsight.tasks.contract import Task
from convsight.tasks.learner import Learner, OneNetwork
from convsight.tasks.target_tensors import HeldTargets, TargetTensors


class Sequences(Task):
    default_net = "one-convolution"

    def net(self, name: str, settings: TrainSettings) -> str:
        return name

    def input(self, net: str, dataset: Dataset, settings: TrainSettings) -> tuple[InputSpec, str]:
        _, channels, length = np.asarray(dataset.split("train").images).shape
        nothing, one = (0.0,) * channels, (1.0,) * channels
        return SequenceInput(
            length=length, channels=channels, mean=nothing, std=one
        ), f"{length} steps, as the data has"

    def check(self, card: Card) -> None:
        """Any length will do."""

    def build(self, card: Card) -> nn.Module:
        convolution = nn.Conv1d(card.input.channels, 8, 5, stride=2)
        return nn.Sequential(convolution, nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, 2))

    def targets(self, examples: Examples) -> TargetTensors:
        assert isinstance(examples.targets, Labels)
        return HeldTargets({"class": torch.from_numpy(examples.targets.indices)})

    def learner(self, network: nn.Module, card: Card, settings: TrainSettings) -> Learner:
        def loss(network: nn.Module, batch: Batch) -> dict[str, Tensor]:
            return {"total": cross_entropy(network(batch.inputs["sequence"]).float(), batch.targets["class"])}

        return OneNetwork(network, loss)

    def graph(self, model: nn.Module, card: Card) -> nn.Module:
        return HeadGraph(card, model, lambda outputs: {"probabilities": outputs.softmax(dim=1)})
