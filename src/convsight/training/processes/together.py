"""`Together`: one of several processes of a training, which speak by PyTorch's own collectives and its store."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar, final

import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.distributed.distributed_c10d import Store

from convsight.errors import UserError
from convsight.progress import Listener, Silent
from convsight.runtime.engine import Engine
from convsight.tasks.whole_batch import adding
from convsight.training.clock import Clock
from convsight.training.processes.alike import fingerprints
from convsight.training.processes.batch_norm import BatchNormOverAll
from convsight.training.processes.gradients import add_gradients, messages
from convsight.training.processes.processes import Processes
from convsight.training.processes.share import Share
from convsight.training.processes.shared_engine import SharedEngine

T = TypeVar("T")

_SHORTEST, _LONGEST = 0.001, 0.25  # seconds between two looks at what another process has to say
_SEEDS = 0x9E3779B97F4A7C15  # apart from one process to the next


class ProcessLostError(UserError):
    """Another process of the training does not answer any more."""


@final
class Together(Processes):
    """Speaks to the others through the default group of torch.distributed, and where one works alone, its `store`."""

    def __init__(self, store: Store, rank: int, count: int) -> None:
        self.rank = rank
        self.count = count
        self._store = store
        self._share = Share(0, 1, 1)
        self._training = 0  # the number of trainings, and how often the store was used in this one: the same in all
        self._spoken = 0

    def listener(self, listener: Listener) -> Listener:
        return listener if self.is_first else Silent()

    def seed(self, seed: int) -> int:
        return (seed + self.rank * _SEEDS) % 2**63

    @contextmanager
    def step(self, share: Share) -> Iterator[None]:
        self._share = share
        with BatchNormOverAll(self._gathered, share.copies), adding(self._add):
            yield

    def weighted(self, loss: Tensor) -> Tensor:
        return loss * self._share.weight

    def whole(self, weighted: Tensor) -> float:
        value = weighted.detach().float().reshape(1).clone()
        self._add(value)
        return float(value)

    def add_gradients(self, weights: Iterable[nn.Parameter]) -> None:
        with torch.no_grad():
            add_gradients(weights, self._add)

    def of_all(self, losses: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        sums = torch.stack([loss.detach().float() for loss in losses.values()]) * self._share.weight
        self._add(sums)
        return dict(zip(losses, sums, strict=True))

    def first_words(self, words: str) -> str:
        key = self._next_key()
        with _told_where_lost():
            self._store.set(f"{key}/{self.rank}", words)
            everybody = [self._heard(f"{key}/{rank}") for rank in range(self.count)]
        return next(filter(None, everybody), "")

    def from_first(self, make: Callable[[], T]) -> T:
        key = self._next_key()
        if self.is_first:
            made = make()
            with _told_where_lost():
                self._store.set(key, json.dumps(made))
            return made
        with _told_where_lost():
            heard: T = json.loads(self._heard(key))
        return heard

    @torch.no_grad()
    def take_weights(self, network: nn.Module) -> None:
        for group in messages(list(network.state_dict().values())):
            flat = torch.cat([tensor.reshape(-1) for tensor in group])
            with _told_where_lost():
                dist.broadcast(flat, src=0)
            for tensor, its in zip(group, torch.split(flat, [each.numel() for each in group]), strict=True):
                tensor.copy_(its.view(tensor.shape))

    def follow(self, clock: Clock) -> None:
        if clock.deadline is None:
            return
        numbers = torch.tensor(clock.plan, dtype=torch.float64)
        with _told_where_lost():
            dist.broadcast(numbers, src=0)
        if not self.is_first:
            clock.plan = tuple(numbers.tolist())

    def check_alike(self, network: nn.Module) -> None:
        names, prints = fingerprints(network)
        everybody = self._gathered(prints)
        differing = (everybody != everybody[:1]).nonzero()
        if len(differing):
            rank, place = differing[differing[:, 1].argmin()].tolist()
            raise UserError(
                f"process {rank} computes other weights than process 0 (first {names[place]}): give all machines the "
                "same versions of PyTorch and convsight, the same data, and processors or GPUs of one kind"
            )

    def shared(self, engine: Engine) -> Engine:
        return SharedEngine(engine, self.rank, self.count, self._gathered)

    def begin(self) -> None:
        """Another training begins; what was told of the one before is of no account."""
        self._training += 1
        self._spoken = 0

    def leave(self) -> None:
        """Wait until all are done, so that what the first one writes is there when any of them returns."""
        self.same(None)
        with _told_where_lost():
            dist.barrier()

    def tell_failure(self, words: str) -> bool:
        """Let the first process know why this one ends; whether it may still be listening."""
        try:
            self._store.set(self._failed(self.rank), words)
        except RuntimeError:
            return False
        return True

    def first_has_failed(self, within: float) -> bool:
        """Whether the first process has told why it ends; waits so many seconds for it."""
        until = time.monotonic() + within
        try:
            while not self._store.check([self._failed(0)]) and time.monotonic() < until:
                time.sleep(_LONGEST / 10)
            return self._store.check([self._failed(0)])
        except RuntimeError:
            return True

    def failures(self) -> list[str]:
        """Why others say that they end."""
        try:
            known = [rank for rank in range(self.count) if self._store.check([self._failed(rank)])]
            return [f"process {rank}: {self._store.get(self._failed(rank)).decode()}" for rank in known]
        except RuntimeError:
            return []

    def _next_key(self) -> str:
        self._spoken += 1
        return f"{self._training}/{self._spoken}"

    def _failed(self, rank: int) -> str:
        """Where the store holds why the process of that rank has ended this training."""
        return f"failed/{self._training}/{rank}"

    def _heard(self, key: str) -> str:
        """What the store holds by the name `key`, as soon as it does; raises where another process fails before."""
        pause = _SHORTEST
        while not self._store.check([key]):
            if pause >= _LONGEST and (others := self.failures()):
                raise ProcessLostError("; ".join(others))
            time.sleep(pause)
            pause = min(_LONGEST, 2 * pause)
        return str(self._store.get(key).decode())

    def _add(self, tensor: Tensor) -> None:
        with _told_where_lost():
            dist.all_reduce(tensor)

    def _gathered(self, tensor: Tensor) -> Tensor:
        """The `tensor` of each process: (processes, ...)."""
        tensor = tensor.contiguous()
        everybody = [torch.empty_like(tensor) for _ in range(self.count)]
        with _told_where_lost():
            dist.all_gather(everybody, tensor)
        return torch.stack(everybody)


@contextmanager
def _told_where_lost() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        time.sleep(0.1)  # a Ctrl-C that reached all processes is heard first
        raise ProcessLostError("a process of this training was lost") from error
