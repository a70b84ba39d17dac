"""`Plan`: what a training shall be, settled before its first step."""

from dataclasses import dataclass

import torch
from torch import nn

from convsight.card import Card
from convsight.export.torch_engine import TorchEngine
from convsight.settings import TrainSettings
from convsight.tasks.contract import Task
from convsight.training.choices import Choices
from convsight.training.schedule import factor


@dataclass(frozen=True)
class Plan:
    """The task, what the user asked for, what was chosen where that left something open, and the network's card.

    The card holds all that is known before the first step; what the training finds out (metrics, calibration, how far
    it came) stands on the copies that are written into files.
    """

    task: Task
    settings: TrainSettings
    choices: Choices
    card: Card

    @property
    def device(self) -> torch.device:
        """Where the networks are trained."""
        return torch.device(self.choices.device)

    def rate(self, progress: float, epochs: int) -> float:
        """The learning rate at `progress` in 0..1, after so many whole epochs."""
        return self.choices.lr * factor(self.settings, progress, epochs)

    def engine(self, network: nn.Module, card: Card, number_format: torch.dtype = torch.float32) -> TorchEngine:
        """What runs `network` as `card` says that it is deployed."""
        return TorchEngine(self.task.graph(network, card).to(self.device), self.device, number_format)
