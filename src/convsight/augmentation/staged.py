"""`Staged`: what a user adds to the variation of a task, in the order in which it acts."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import ClassVar, final

from convsight.augmentation.augmentation import Augmentation
from convsight.augmentation.batch import Batch
from convsight.augmentation.kinds import TargetKind
from convsight.rng import RngKeys


class Stage(ABC):
    """Something that is done to varied samples; compared by its numbers."""

    # Its place among the others: lower ones act before.
    order: ClassVar[int]
    # Whether what happens to a sample may depend on the others of its batch.
    together: ClassVar[bool] = False

    @property
    @abstractmethod
    def words(self) -> str:
        """What it does, for the user and the log."""

    @abstractmethod
    def __call__(self, batch: Batch, keys: RngKeys, images: tuple[str, ...], kinds: Mapping[str, TargetKind]) -> Batch:
        """The batch after it: `images` are the names of its images, `kinds` say how targets follow them."""


@final
class Staged(Augmentation):
    """A variation, and stages after it."""

    def __init__(self, base: Augmentation, stages: tuple[Stage, ...]) -> None:
        self.base = base
        self.stages = stages
        self.reasons = (*base.reasons, *(stage.words for stage in stages))
        self.images = base.images
        self.targets = base.targets
        self.mirrors = base.mirrors
        self.resizes = base.resizes
        self.together = base.together or any(stage.together for stage in stages)

    def __call__(self, batch: Batch, keys: RngKeys, progress: float) -> Batch:
        batch = self.base(batch, keys, progress)
        for stage in self.stages:
            batch = stage(batch, keys, self.images, self.targets)
        return batch


def staged(augmentation: Augmentation, stages: Iterable[Stage]) -> Augmentation:
    """`augmentation` with `stages` among those that it has."""
    base, own = (augmentation.base, augmentation.stages) if isinstance(augmentation, Staged) else (augmentation, ())
    together = tuple(sorted((*own, *stages), key=lambda stage: stage.order))
    return Staged(base, together) if together else base
