"""The input is no image: a sequence, a recording or a volume of one of two classes."""

from abc import ABC
from typing import Any, final

import torch
from tests.contracts.toys.plain import HeadGraph, PlainTask, indices
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from convsight.augmentation import Batch
from convsight.card import Card
from convsight.datasets import Dataset, Examples
from convsight.inputs import InputSpec, SequenceInput, SpectrogramInput, VolumeInput
from convsight.settings import TrainSettings
from convsight.tasks.learner import Learner, OneNetwork
from convsight.tasks.target_tensors import HeldTargets, TargetTensors

_TWO: dict[str, Any] = {"channels": 2, "mean": (0.0, 0.0), "std": (1.0, 1.0)}  # measured later


class _Arrays(PlainTask, ABC):
    spec: InputSpec

    def input(self, net: str, dataset: Dataset, settings: TrainSettings) -> tuple[InputSpec, str]:
        return self.spec, self.spec.summary

    def build(self, card: Card) -> nn.Module:
        shape = card.input.planes_shape
        kind = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[len(shape) - 2]
        model = nn.Sequential(kind(shape[0], 8, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.LazyLinear(2))
        model(torch.zeros(1, *shape))
        return model

    def targets(self, examples: Examples) -> TargetTensors:
        return HeldTargets({"class": torch.from_numpy(indices(examples.targets))})

    def learner(self, network: nn.Module, card: Card, settings: TrainSettings) -> Learner:
        def loss(network: nn.Module, batch: Batch) -> dict[str, Tensor]:
            return {"total": cross_entropy(network(*batch.inputs.values()).float(), batch.targets["class"])}

        return OneNetwork(network, loss)

    def graph(self, model: nn.Module, card: Card) -> nn.Module:
        return HeadGraph(card, model, lambda outputs: {"probabilities": outputs.softmax(dim=1)})


@final
class Sequences(_Arrays):
    spec = SequenceInput(length=40, **_TWO)


@final
class Recordings(_Arrays):
    spec = SpectrogramInput(length=40, sample_rate=100, window=16, hop=8, **_TWO)


@final
class Volumes(_Arrays):
    spec = VolumeInput(depth=4, height=6, width=8, low=0, high=255, bits=8, **_TWO)
