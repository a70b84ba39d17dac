"""`Examples`: the fitted images of a split with what is true of each, ready to train on or to judge by."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.image_store import ImageStore
from convsight.targets import Targets


@dataclass(frozen=True)
class Examples:
    """Fitted images and their targets, in the same order."""

    images: ImageStore
    targets: Targets

    def __post_init__(self) -> None:
        if len(self.images) != len(self.targets):
            raise ValueError(f"{len(self.images)} images but {len(self.targets)} targets")

    def __len__(self) -> int:
        return len(self.images)

    def select(self, positions: NDArray[np.int64]) -> "Examples":
        """The examples at `positions`, in that order."""
        return Examples(self.images.select(positions), self.targets.select(positions))
