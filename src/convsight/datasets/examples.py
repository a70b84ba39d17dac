"""`Examples`: the fitted pictures of a split with what is true of each, ready to train on or to judge by."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.image_store import FittedPictures
from convsight.targets import Targets


@dataclass(frozen=True)
class Examples:
    """Fitted pictures and their truths, in the same order."""

    pictures: FittedPictures
    truths: Targets

    def __post_init__(self) -> None:
        if len(self.pictures) != len(self.truths):
            raise ValueError(f"{len(self.pictures)} pictures but {len(self.truths)} truths")

    def __len__(self) -> int:
        return len(self.pictures)

    def select(self, positions: NDArray[np.int64]) -> "Examples":
        """The examples at `positions`, in that order."""
        return Examples(self.pictures.select(positions), self.truths.select(positions))
