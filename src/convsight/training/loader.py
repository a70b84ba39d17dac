"""Batches of training pictures in an order that depends on the seed and the epoch alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from convsight.datasets import FittedPictures
from convsight.datasets.threads import map_in_threads
from convsight.rng import shuffled


@dataclass(frozen=True)
class RawBatch:
    """What a step starts from: `samples` (batch,), `pictures` uint8 (batch, height, width, 3), targets alike."""

    samples: NDArray[np.int64]
    pictures: Tensor
    targets: Mapping[str, Tensor]


class Loader:
    """The training split, one epoch at a time; `workers` threads read ahead, 0 reads when asked."""

    def __init__(
        self, pictures: FittedPictures, targets: Mapping[str, Tensor], *, batch: int, seed: int, workers: int
    ) -> None:
        self.pictures = pictures
        self.targets = targets
        self.batch = batch
        self.seed = seed
        self.workers = workers

    @property
    def steps(self) -> int:
        """Steps in one epoch."""
        return len(self._bounds())

    def epoch(self, epoch: int) -> Iterator[RawBatch]:
        """All pictures once, in the order of `epoch`."""
        order = shuffled(self.seed, epoch, len(self.pictures))
        parts = [order[start:end] for start, end in self._bounds()]
        return map_in_threads(self._read, parts, self.workers)

    def _bounds(self) -> list[tuple[int, int]]:
        """Where each batch starts and ends.

        Batch normalisation cannot learn from a batch of one picture, so a last single picture joins the
        batch before it.
        """
        count = len(self.pictures)
        starts = list(range(0, count, self.batch))
        if len(starts) > 1 and count - starts[-1] == 1:
            starts.pop()
        return list(zip(starts, [*starts[1:], count], strict=True))

    def _read(self, samples: NDArray[np.int64]) -> RawBatch:
        pictures = torch.from_numpy(self.pictures.take(samples))
        chosen = torch.from_numpy(samples)
        return RawBatch(samples, pictures, {name: values[chosen] for name, values in self.targets.items()})
