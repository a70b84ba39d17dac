"""Batches of training examples in an order that depends on the seed and the epoch alone."""

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from convsight.augmentation import Batch
from convsight.datasets import ImageStore
from convsight.datasets.threads import map_in_threads
from convsight.tasks.target_tensors import TargetTensors
from convsight.training.draws import Draws, drawn

# Inputs (samples, ...) of examples, by what their variation is drawn by, and the epoch.
Seen = Callable[[NDArray[np.int64], NDArray[np.int64], int], NDArray[Any]]


@dataclass(frozen=True)
class LoadedBatch:
    """What a step starts from: the indices `samples` (batch,) in the training split, and their inputs and targets.

    `numbers` (batch,) are what their variation is drawn by: no two draws of an epoch share one. Inputs are as they are
    stored: images uint8 (batch, height, width, channels).
    """

    samples: NDArray[np.int64]
    batch: Batch
    numbers: NDArray[np.int64]


class Loader:
    """The training split, one epoch at a time; `workers` threads read ahead, 0 reads when asked.

    `kind` is the name of the input in a batch; `weights` say how often each example is seen, None: once an epoch.
    `seen` gives examples in another way every epoch, instead of `inputs`.
    """

    def __init__(
        self,
        inputs: ImageStore,
        targets: TargetTensors,
        *,
        kind: str,
        batch: int,
        seed: int,
        workers: int,
        weights: NDArray[np.float64] | None = None,
        seen: Seen | None = None,
    ) -> None:
        self._inputs = inputs
        self._targets = targets
        self.kind = kind
        self._batch = batch
        self._seed = seed
        self._workers = workers
        self._weights = weights
        self._seen = seen

    @property
    def steps(self) -> int:
        """Batches in one epoch."""
        return len(self._bounds())

    def read_by(self, workers: int) -> Self:
        """The same, read ahead by so many threads."""
        other = copy(self)
        other._workers = workers
        return other

    def of_batch(self, batch: int) -> Self:
        """The same in batches of so many examples."""
        other = copy(self)
        other._batch = batch
        return other

    def epoch(self, epoch: int, first: int = 0) -> Iterator[LoadedBatch]:
        """The examples of `epoch` in its order, from its batch number `first` on: all once, or as their weights say."""
        return map_in_threads(lambda part: self.take(*part, epoch), self.draws(epoch)[first:], self._workers)

    def draws(self, epoch: int) -> list[Draws]:
        """The draws of each batch of `epoch`, in its order; nothing is read."""
        draws = drawn(self._seed, epoch, len(self._inputs), self._weights)
        return [Draws(draws.samples[start:end], draws.numbers[start:end]) for start, end in self._bounds()]

    def _bounds(self) -> list[tuple[int, int]]:
        """Where each batch starts and ends.

        Batch normalisation cannot learn from a batch of one example, so a last single example joins the
        batch before it.
        """
        count = len(self._inputs)
        starts = list(range(0, count, self._batch))
        if len(starts) > 1 and count - starts[-1] == 1:
            starts.pop()
        return list(zip(starts, [*starts[1:], count], strict=True))

    def take(self, samples: NDArray[np.int64], numbers: NDArray[np.int64] | None = None, epoch: int = 0) -> LoadedBatch:
        """The examples at `samples`, as a batch; varied by their `numbers`, where they are drawn more than once."""
        numbers = samples if numbers is None else numbers
        arrays = self._seen(samples, numbers, epoch) if self._seen else self._inputs.take(samples)
        return LoadedBatch(samples, Batch({self.kind: torch.from_numpy(arrays)}, self._targets.take(samples)), numbers)
