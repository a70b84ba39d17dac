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
from convsight.tasks.target_tensors import TargetTensors, tiles_of
from convsight.training.draws import Draws, drawn
from convsight.training.places import Places
from convsight.training.processes.processes import ALONE, Processes
from convsight.training.processes.share import Share

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
    share: Share  # what of the batch this process learns; the others are there to be mixed with


class Loader:
    """The training split, one epoch at a time; `workers` threads read ahead, 0 reads when asked.

    `kind` is the name of the input in a batch; `weights` say how often each example is seen, None: once an epoch.
    `seen` gives examples in another way every epoch, instead of `inputs`. Of tiled pictures an epoch has as many
    examples as there are tiles: see `Places`.
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
        processes: Processes = ALONE,
        seen: Seen | None = None,
    ) -> None:
        self._inputs = inputs
        self._targets = targets
        self.kind = kind
        self._batch = batch
        self._seed = seed
        self._workers = workers
        self._weights = weights
        self._processes = processes
        self._seen = seen
        self._places = Places.of(inputs, seed)

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

    def epoch(self, epoch: int, first: int = 0, whole: bool = False) -> Iterator[LoadedBatch]:
        """The examples of `epoch` in its order, from its batch number `first` on: all once, or as their weights say.

        Of each batch those that this process learns, or the `whole` one.
        """

        def loaded(draws: Draws) -> LoadedBatch:
            share = self._processes.share(len(draws.samples))
            rows = slice(None) if whole else share.rows
            return self._take(draws.samples[rows], draws.numbers[rows], share, epoch)

        return map_in_threads(loaded, self.draws(epoch)[first:], self._workers)

    def draws(self, epoch: int) -> list[Draws]:
        """The draws of each batch of `epoch`, in its order; nothing is read."""
        draws = self._drawn(epoch)
        return [Draws(draws.samples[start:end], draws.numbers[start:end]) for start, end in self._bounds()]

    def _drawn(self, epoch: int) -> Draws:
        places, weights = self._places, self._weights
        if places is None:
            return drawn(self._seed, epoch, len(self._inputs), weights)
        found = drawn(self._seed, epoch, len(places), None if weights is None else weights[places.pictures])
        return Draws(places.pictures[found.samples], found.numbers)

    def _bounds(self) -> list[tuple[int, int]]:
        """Where each batch starts and ends.

        Batch normalisation cannot learn from a batch of one example, so a last single example joins the
        batch before it.
        """
        count = len(self._inputs if self._places is None else self._places)
        starts = list(range(0, count, self._batch))
        if len(starts) > 1 and count - starts[-1] == 1:
            starts.pop()
        return list(zip(starts, [*starts[1:], count], strict=True))

    def take(self, samples: NDArray[np.int64], numbers: NDArray[np.int64] | None = None, epoch: int = 0) -> LoadedBatch:
        """The examples at `samples`, as a batch; varied by their `numbers`, where they are drawn more than once."""
        share = Share(0, len(samples), len(samples))
        if numbers is None:
            numbers = samples if self._places is None else self._places.first[samples]
        return self._take(samples, numbers, share, epoch)

    def _take(self, samples: NDArray[np.int64], numbers: NDArray[np.int64], share: Share, epoch: int) -> LoadedBatch:
        if self._places is not None:
            corners = self._places.corners(numbers, epoch)
            arrays, targets = self._inputs.tiles(samples, corners), tiles_of(self._targets, samples, corners)
        else:
            arrays = self._seen(samples, numbers, epoch) if self._seen else self._inputs.take(samples)
            targets = self._targets.take(samples)
        return LoadedBatch(samples, Batch({self.kind: torch.from_numpy(arrays)}, targets), numbers, share)
