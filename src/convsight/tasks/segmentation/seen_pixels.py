"""What a network says of every pixel and what is true of it, made ready once for all losses of a sum."""

from dataclasses import dataclass
from functools import cached_property
from typing import final

import torch
from torch import Tensor


@final
@dataclass(frozen=True, eq=False)
class SeenPixels:
    """Logits (batch, classes, *sides) in float32, and the true class of every pixel or voxel (batch, *sides).

    Pixels of the class `ignore_index` count nowhere. Classes may be bytes; they become whole numbers that index.
    """

    logits: Tensor
    masks: Tensor
    ignore_index: int | None

    @classmethod
    def of(cls, logits: Tensor, masks: Tensor, ignore_index: int | None) -> "SeenPixels":
        """From logits in any number format, which are summed in float32, and masks of any whole numbers."""
        # In planes: over channels that lie last, softmax and its gradient take several times as long.
        return cls(logits.float().contiguous(), masks.long(), ignore_index)

    @property
    def images(self) -> int:
        """How many images there are."""
        return len(self.masks)

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return self.logits.shape[1]

    @cached_property
    def logs(self) -> Tensor:
        """Logarithms of the probabilities (batch, classes, *sides)."""
        return self.logits.log_softmax(dim=1)

    @cached_property
    def probabilities(self) -> Tensor:
        """Probabilities (batch, classes, *sides)."""
        return self.logs.exp()

    @cached_property
    def known(self) -> Tensor | None:
        """Which pixels count (batch, *sides); None where all do."""
        if self.ignore_index is None:
            return None
        known = self.masks != self.ignore_index
        return None if bool(known.all()) else known

    @cached_property
    def indices(self) -> Tensor:
        """The true classes (batch, *sides), and class 0 where a pixel counts nowhere."""
        return self.masks if self.known is None else self.masks.masked_fill(~self.known, 0)

    @cached_property
    def truth(self) -> Tensor:
        """Whether a pixel is of a class (batch, classes, *sides); those that count nowhere are of none."""
        each = torch.arange(self.classes, device=self.masks.device).view(1, -1, *[1] * (self.masks.ndim - 1))
        is_one = self.indices[:, None] == each
        return is_one if self.known is None else is_one & self.known[:, None]

    def counted(self, values: Tensor) -> Tensor:
        """`values` (batch, ..., *sides) of the pixels that count, and 0 elsewhere."""
        if self.known is None:
            return values
        known = self.known if values.ndim == self.known.ndim else self.known[:, None]
        return values * known
