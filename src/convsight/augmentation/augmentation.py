"""The contract of augmentation: training samples vary from epoch to epoch, a whole batch at a time on its device."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, final

from convsight.augmentation.batch import Batch
from convsight.augmentation.kinds import TargetKind
from convsight.rng import RngKeys


class Augmentation(ABC):
    """Changes the inputs of a batch, and its targets where these have a place in the inputs."""

    # What was chosen and why, in words for the user.
    reasons: tuple[str, ...]
    # The inputs that are images (batch, channels, height, width); all have the same geometry.
    images: tuple[str, ...]
    # How each target follows that geometry.
    targets: Mapping[str, TargetKind]
    # Whether images are mirrored left to right, so that the network knows both views.
    mirrors: bool
    # Whether batches come out at sizes of their own.
    resizes: bool
    # Whether what happens to a sample may depend on the others of its batch.
    together: bool = True

    @abstractmethod
    def __call__(self, batch: Batch, keys: RngKeys, progress: float) -> Batch:
        """Vary a batch on its device.

        `keys` name the samples of the batch, `progress` is how far the training is, in 0..1. The result depends on
        nothing else.
        """

    def varies_like(self, other: "Augmentation") -> bool:
        """Whether `other` varies samples in the same way, whatever its reasons."""
        return self._how() == other._how()

    def _how(self) -> tuple[type["Augmentation"], dict[str, Any]]:
        """All that the result of a call depends on."""
        known = {name: value for name, value in vars(self).items() if name != "reasons"}
        return type(self), {n: value._how() if isinstance(value, Augmentation) else value for n, value in known.items()}


@final
class Unchanged(Augmentation):
    """Leaves every batch as it is: for inputs that are no images, and where nothing may vary.

    Images and kinds of targets need only be told where the training may begin with smaller images.
    """

    mirrors = False
    resizes = False
    together = False

    def __init__(
        self, reasons: tuple[str, ...], images: tuple[str, ...] = (), targets: Mapping[str, TargetKind] | None = None
    ) -> None:
        self.reasons = reasons
        self.images = images
        self.targets = targets or {}

    def __call__(self, batch: Batch, keys: RngKeys, progress: float) -> Batch:
        return batch
