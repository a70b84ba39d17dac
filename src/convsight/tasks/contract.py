"""`Task`: one kind of question, as the training half sees it. What only some tasks can do is in `capabilities`."""

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import nn

from convsight.card import Card
from convsight.datasets import Dataset, Examples
from convsight.inputs import InputSpec
from convsight.settings import TrainSettings
from convsight.tasks.learner import Learner
from convsight.tasks.target_tensors import TargetTensors


class Task(ABC):
    """One kind of question: a network for it, what it learns from, and how it is deployed.

    Abstract or final: a task implements every method, and is not derived from again. No code outside
    `tasks/` asks which task it has.
    """

    # The network where the user names none.
    default_net: ClassVar[str]
    # How many examples of classification one of this task teaches as much as: batches are smaller by it.
    batch_divisor: ClassVar[int] = 1

    @abstractmethod
    def net(self, name: str, settings: TrainSettings) -> str:
        """The network called `name` as cards store it.

        Raises `UserError` where there is none, or it cannot work at a size that the settings or it itself fix.
        """

    @abstractmethod
    def input(self, net: str, dataset: Dataset, settings: TrainSettings) -> tuple[InputSpec, str]:
        """What the network called `net` is given of the training examples of `dataset`; and why.

        Mean and standard deviation are measured later, once the examples are read.
        """

    @abstractmethod
    def check(self, card: Card) -> None:
        """Raise `UserError` where the network on `card` cannot work on its input."""

    @abstractmethod
    def build(self, card: Card) -> nn.Module:
        """A fresh network as `card` describes it: normalised inputs in, the task's own outputs out."""

    @abstractmethod
    def targets(self, examples: Examples) -> TargetTensors:
        """What is to be learnt of the examples, as tensors a batch at a time."""

    @abstractmethod
    def learner(self, network: nn.Module, card: Card, settings: TrainSettings) -> Learner:
        """What trains the fresh `network` that `build` made: its losses, and the networks that help, if any."""

    @abstractmethod
    def graph(self, model: nn.Module, card: Card) -> nn.Module:
        """The deployed network: loaded inputs (batch, ...) in, a dict of named arrays out."""
