"""A program's own way to vary training images, in the place of ours."""

import random
from collections.abc import Callable
from typing import final

import numpy as np
import torch

from convsight.augmentation import Augmentation, Batch
from convsight.errors import UserError
from convsight.rng import RngKeys
from convsight.training.callbacks import undisturbed

OwnAugmentation = Callable[[Batch, RngKeys], Batch]

_OWN_SEED = 11  # apart from other streams of numbers


@final
class GivenAugmentation(Augmentation):
    """Calls a function with each batch and its keys; what images and targets are, it takes from `ours`.

    Whatever the function draws from the generators of PyTorch, NumPy or Python is a function of seed, epoch and the
    samples of the batch; `rng.uniform(keys.seed, keys.epoch, keys.samples, ...)` is one of each sample alone.
    """

    mirrors = False
    resizes = False
    together = True

    def __init__(self, function: OwnAugmentation, name: str, ours: Augmentation) -> None:
        self.function = function
        self.name = name
        self.images = ours.images
        self.targets = ours.targets
        self.reasons = (f"augmentation: {name}, of the program",)

    def __call__(self, batch: Batch, keys: RngKeys, progress: float) -> Batch:
        with undisturbed():
            _seed(keys)
            found = self.function(batch, keys)
        self._check(found, batch)
        return found

    def _check(self, found: object, batch: Batch) -> None:
        if not isinstance(found, Batch):
            raise UserError(f"the augmentation {self.name} gives {type(found).__name__}, and not a Batch")
        for kind, now, before in (("input", found.inputs, batch.inputs), ("target", found.targets, batch.targets)):
            if now.keys() != before.keys():
                raise UserError(f"the augmentation {self.name} gives {kind}s {sorted(now)}, expected {sorted(before)}")
            for name, values in before.items():
                fixed = 4 if name in self.images else 1  # images keep their shape, targets their number
                if now[name].shape[:fixed] != values.shape[:fixed]:
                    raise UserError(
                        f"the augmentation {self.name} gives the {kind} {name!r} as {tuple(now[name].shape)}, expected "
                        f"{tuple(values.shape)}"
                    )
        for name in self.images:
            if found.inputs[name].dtype != batch.inputs[name].dtype:
                raise UserError(f"the augmentation {self.name} gives {found.inputs[name].dtype}, expected float32")


def _seed(keys: RngKeys) -> None:
    entropy = (keys.seed, keys.epoch, _OWN_SEED, *keys.samples.tolist())
    seed = int(np.random.SeedSequence(entropy).generate_state(1)[0])
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)
