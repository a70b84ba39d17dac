"""Training images as the epochs of a training see them: the same draws, and the same partners in mixtures."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from convsight.augmentation import Augmentation, Batch
from convsight.card import Card
from convsight.datasets import Examples
from convsight.nets.input_layers import InputLayer
from convsight.rng import RngKeys
from convsight.tasks.contract import Task
from convsight.training.loader import LoadedBatch, Loader


@dataclass(frozen=True)
class Varying:
    """All that the variation of training images depends on; `epochs` is how many there will be, None: not known."""

    task: Task
    card: Card
    train: Examples
    loader: Loader
    augmentation: Augmentation
    inputs: InputLayer
    device: torch.device
    seed: int
    epochs: int | None

    def plain(self, sample: int) -> Batch:
        """The one example `sample`, as it is."""
        return _alone(self._on_device(self.loader.take(np.array([sample]))), 0)

    def seen(self, samples: NDArray[np.int64], times: int) -> Iterator[dict[int, Batch]]:
        """For each of the first epochs, so many `times`: those of `samples` that it draws, as it first sees each."""
        steps = self.loader.steps
        total = max(self.epochs or 0, times) * steps
        for epoch in range(times):
            found: dict[int, Batch] = {}
            for step, (drawn, numbers) in enumerate(self.loader.draws(epoch)):
                wanted = [each for each in samples[np.isin(samples, drawn)].tolist() if each not in found]
                if wanted:
                    rows = np.array([int(np.argmax(drawn == each)) for each in wanted])
                    progress = (epoch * steps + step) / total if self.epochs else 0.0
                    varied = self._varied(drawn, numbers, rows, epoch, progress)
                    found |= dict(zip(wanted, varied, strict=True))
            yield found

    def _varied(
        self, samples: NDArray[np.int64], numbers: NDArray[np.int64], rows: NDArray[np.int64], epoch: int, at: float
    ) -> list[Batch]:
        """The `rows` of a batch of `epoch`; the others are read too where what happens depends on them."""
        if not self.augmentation.together:
            samples, numbers, rows = samples[rows], numbers[rows], np.arange(len(rows))
        loaded = self.loader.take(samples, numbers)
        with torch.no_grad():
            varied = self.augmentation(self._on_device(loaded), RngKeys(self.seed, epoch, numbers), at)
        return [_alone(varied, int(row)) for row in rows]

    def _on_device(self, loaded: LoadedBatch) -> Batch:
        """A batch as it is varied; the same as `step.prepared` begins with."""
        kind = self.card.input.kind
        floats = self.inputs.floats(loaded.batch.inputs[kind].to(self.device))
        return Batch({kind: floats}, {name: values.to(self.device) for name, values in loaded.batch.targets.items()})


def _alone(batch: Batch, row: int) -> Batch:
    """One example of a batch, in the processor's memory."""
    inputs = {name: values[row : row + 1].float().cpu() for name, values in batch.inputs.items()}
    return Batch(inputs, {name: values[row : row + 1].cpu() for name, values in batch.targets.items()})
