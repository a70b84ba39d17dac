"""`Task`: one kind of question about pictures, as the training half sees it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from torch import Tensor, nn

from convsight.card import Card
from convsight.datasets import Dataset, Examples
from convsight.datasets.dataset import Truths
from convsight.pictures import Preprocessing
from convsight.settings import TrainSettings
from convsight.tasks.reader import Measured, Metrics, Reader
from convsight.training.augment import Augmentation

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Batch:
    """What one training step sees.

    `pictures` is (batch, channels, height, width), normalised; `targets` holds the task's own tensors.
    """

    pictures: Tensor
    targets: Mapping[str, Tensor]


class Task(ABC):
    """One kind of question: a network for it, its loss, its answers and how they are judged.

    Abstract or final: a task implements every method, and is not derived from again. No code outside
    `tasks/` asks which task it has.
    """

    # The baseline (the start of a key of `baselines`) of a method that learns nothing from pictures.
    floor: ClassVar[str]

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    @abstractmethod
    def build(self, card: Card) -> nn.Module:
        """A fresh network as `card` describes it: normalised pictures in, the task's own outputs out."""

    @abstractmethod
    def targets(self, truths: Truths) -> dict[str, Tensor]:
        """The truths as tensors, the first axis counting pictures."""

    @abstractmethod
    def augmentation(self, dataset: Dataset, preprocessing: Preprocessing, settings: TrainSettings) -> Augmentation:
        """How training pictures (and their targets) vary, and the reasons in words."""

    @abstractmethod
    def loss(self, model: nn.Module, batch: Batch, settings: TrainSettings) -> dict[str, Tensor]:
        """`total` and its named parts, each a scalar."""

    @abstractmethod
    def graph(self, model: nn.Module, card: Card) -> nn.Module:
        """The deployed network: fitted RGB uint8 (batch, height, width, 3) in, a dict of named arrays out."""

    @abstractmethod
    def baselines(self, train: Examples, test: Examples) -> dict[str, Measured]:
        """What simple methods reach on `test`, as `method/metric`, so that a reader sees what the network adds."""

    @abstractmethod
    def check(self, card: Card) -> None:
        """Raise `UserError` where the network on `card` cannot work on its pictures."""

    @abstractmethod
    def usual_side(self, net: str) -> int:
        """The largest picture side, in pixels, that is usual for the network called `net`."""

    @abstractmethod
    def figures(self, metrics: Metrics) -> "dict[str, Figure]":
        """Pictures of the judgement, by file stem."""
