"""`Batch`: what a training step sees, as named tensors."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """Inputs of the network and what is to be learnt from them, by name; the first axis of each counts samples.

    Images are (batch, channels, height, width): 0..1 as they are augmented, normalised as a task's loss sees them.
    What targets look like says the task that made them.
    """

    inputs: Mapping[str, Tensor]
    targets: Mapping[str, Tensor]

    @property
    def image(self) -> Tensor:
        """The input called `image`, or the first of another kind, such as volumes: the only one of most tasks."""
        return self.inputs["image"] if "image" in self.inputs else next(iter(self.inputs.values()))

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))
