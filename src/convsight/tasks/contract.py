"""`Task`: one kind of question about pictures, as the training half sees it."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from torch import nn

from convsight.augmentation import Augmentation
from convsight.card import Card
from convsight.datasets import Dataset, Examples
from convsight.inputs import ImageInput
from convsight.metrics import Measured
from convsight.nets.weights import Weights
from convsight.settings import TrainSettings
from convsight.tasks.learner import Learner
from convsight.tasks.reader import Metrics
from convsight.tasks.target_tensors import TargetTensors

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Task(ABC):
    """One kind of question: a network for it, its loss, its answers and how they are judged.

    Abstract or final: a task implements every method, and is not derived from again. No code outside
    `tasks/` asks which task it has.
    """

    # The network where the user names none.
    usual_net: ClassVar[str]
    # How many pictures of classification one of this task teaches as much as: batches are smaller by it.
    lessons: ClassVar[int]
    # The learning rate where weights are pretrained, as a share of that of fresh ones: large steps leave a good place.
    pretrained_pace: ClassVar[float]
    # The baseline (the start of a key of `baselines`) of a method that learns nothing from pictures.
    floor: ClassVar[str]

    @abstractmethod
    def net(self, name: str, settings: TrainSettings) -> str:
        """The network called `name` as cards store it.

        Raises `UserError` where there is none, or it cannot work at a size that the settings or it itself fix.
        """

    @abstractmethod
    def weights(self, net: str, weights: str) -> Weights:
        """The pretrained weights that `weights` names for the network called `net`: `imagenet`, or a file.

        Raises `UserError` where there are none, or the file cannot be used; it says what to bring.
        """

    @abstractmethod
    def adapt(self, model: nn.Module, card: Card, weights: Weights) -> list[str]:
        """Put pretrained weights into a fresh `model`; returns what was done, in words."""

    @abstractmethod
    def options(self, settings: TrainSettings) -> dict[str, Any]:
        """What of the settings the deployed network needs: `Card.options`."""

    @abstractmethod
    def build(self, card: Card) -> nn.Module:
        """A fresh network as `card` describes it: normalised pictures in, the task's own outputs out."""

    @abstractmethod
    def targets(self, examples: Examples) -> TargetTensors:
        """What is to be learnt of the examples, as tensors a batch at a time."""

    @abstractmethod
    def augmentation(self, dataset: Dataset, spec: ImageInput, settings: TrainSettings, passes: float) -> Augmentation:
        """How training pictures (and their targets), each seen about `passes` times, vary, and the reasons in words."""

    @abstractmethod
    def learner(self, network: nn.Module, card: Card, settings: TrainSettings) -> Learner:
        """What trains the fresh `network` that `build` made: its losses, and the networks that help, if any."""

    @abstractmethod
    def mirrors(self, augmentation: Augmentation, settings: TrainSettings) -> bool:
        """Whether predictions are averaged over an input and its mirror image: `Card.mirror`."""

    @abstractmethod
    def graph(self, model: nn.Module, card: Card) -> nn.Module:
        """The deployed network: fitted RGB uint8 (batch, height, width, 3) in, a dict of named arrays out."""

    @abstractmethod
    def floor_baseline(self, train: Examples, judged: Examples) -> dict[str, Measured]:
        """What the method called `floor`, which learns nothing, reaches on `judged`, by metric."""

    @abstractmethod
    def baselines(self, train: Examples, test: Examples) -> dict[str, Measured]:
        """What simple methods reach on `test`, as `method/metric`, so that a reader sees what the network adds."""

    @abstractmethod
    def check(self, card: Card) -> None:
        """Raise `UserError` where the network on `card` cannot work on its pictures."""

    @abstractmethod
    def input(self, net: str, dataset: Dataset, settings: TrainSettings) -> tuple[ImageInput, str]:
        """What the network called `net` is given of the training examples of `dataset`; and why.

        Mean and standard deviation are measured later, once the examples are read.
        """

    @abstractmethod
    def figures(self, metrics: Metrics) -> "dict[str, Figure]":
        """Pictures of the judgement, by file stem."""
