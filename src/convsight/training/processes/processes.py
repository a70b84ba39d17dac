"""`Processes`: what a training does together with other processes; alone, nothing."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar, final

from torch import Tensor, nn

from convsight.progress import Listener
from convsight.runtime.engine import Engine
from convsight.training.clock import Clock
from convsight.training.processes.share import Share, share_of

T = TypeVar("T")


class Processes(ABC):
    """The processes of one training, seen from one of them: that of `rank` among `count`. Abstract or final.

    All of them call the same methods in the same order. The first alone writes, prints and decides what time decides.
    """

    rank: int
    count: int

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that writes and prints."""
        return self.rank == 0

    def share(self, whole: int) -> Share:
        """The rows of a batch of `whole` examples that this process computes."""
        return share_of(whole, self.rank, self.count)

    @abstractmethod
    def listener(self, listener: Listener) -> Listener:
        """What is told of the training: `listener` in the first process, nobody in others."""

    @abstractmethod
    def seed(self, seed: int) -> int:
        """The seed of what is random in a step of this process, from that of the whole step."""

    @abstractmethod
    def step(self, share: Share) -> AbstractContextManager[object]:
        """Within it, what a learner computes of the rows of `share` is a part of a step of all processes."""

    @abstractmethod
    def weighted(self, loss: Tensor) -> Tensor:
        """What the mean `loss` of this process' rows adds to that of the whole batch; in a step."""

    @abstractmethod
    def whole(self, weighted: Tensor) -> float:
        """The loss of the whole batch, of which this process has that part."""

    @abstractmethod
    def add_gradients(self, weights: Iterable[nn.Parameter]) -> None:
        """Let the gradients of `weights` be the sums of those of all processes."""

    @abstractmethod
    def of_all(self, losses: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """The losses of the whole batch, from those of this process' rows; in a step."""

    @abstractmethod
    def first_words(self, words: str) -> str:
        """The words of the first process that has any."""

    @abstractmethod
    def from_first(self, make: Callable[[], T]) -> T:
        """What `make` gives in the first process, which alone calls it, however long it takes: JSON values."""

    @final
    def same(self, value: T) -> T:
        """The `value` of the first process, of JSON."""
        return self.from_first(lambda: value)

    @abstractmethod
    def take_weights(self, network: nn.Module) -> None:
        """Let the weights and buffers of `network` be those of the first process."""

    @abstractmethod
    def follow(self, clock: Clock) -> None:
        """Let `clock` show what that of the first process does, where it is planned by time."""

    @abstractmethod
    def check_alike(self, network: nn.Module) -> None:
        """Raise `UserError`, in all, where the bits of weights or buffers differ from process to process."""

    @abstractmethod
    def shared(self, engine: Engine) -> Engine:
        """An engine by which each process runs a part, and all have the answers to all."""


@final
class Alone(Processes):
    """The only process."""

    rank = 0
    count = 1

    def listener(self, listener: Listener) -> Listener:
        return listener

    def seed(self, seed: int) -> int:
        return seed

    def step(self, share: Share) -> AbstractContextManager[object]:
        return nullcontext()

    def weighted(self, loss: Tensor) -> Tensor:
        return loss

    def whole(self, weighted: Tensor) -> float:
        return float(weighted.detach())

    def add_gradients(self, weights: Iterable[nn.Parameter]) -> None:
        pass

    def of_all(self, losses: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        return losses

    def first_words(self, words: str) -> str:
        return words

    def from_first(self, make: Callable[[], T]) -> T:
        return make()

    def take_weights(self, network: nn.Module) -> None:
        pass

    def follow(self, clock: Clock) -> None:
        pass

    def check_alike(self, network: nn.Module) -> None:
        pass

    def shared(self, engine: Engine) -> Engine:
        return engine


ALONE = Alone()
