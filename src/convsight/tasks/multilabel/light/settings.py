"""The choices that only several labels have."""

from typing import ClassVar, Literal, final

from pydantic import Field

from convsight.settings import TaskSettings


@final
class MultilabelSettings(TaskSettings):
    """How much a missed label costs, what images are mixed, and whether a network looks twice."""

    varying: ClassVar[frozenset[str]] = frozenset({"sampling", "mixup", "cutmix"})
    of_loss: ClassVar[frozenset[str]] = frozenset({"positive_weight", "focal_gamma"})

    positive_weight: Literal["none", "balanced"] = Field(
        "none",
        description="balanced: images with a label count as much as all those without it, at most 20-fold.",
    )
    focal_gamma: float | None = Field(
        None, ge=0, le=10, description="Focal loss: how much less sure answers count. [default: not so]"
    )
    sampling: Literal["each", "balanced"] = Field(
        "each", description="each: every image once an epoch; balanced: images of rare labels more often."
    )
    mixup: float = Field(
        0.0, ge=0, le=10, description="Alpha of mixup: images laid over each other; 0.2 is usual, 0 is never."
    )
    cutmix: float = Field(
        0.0, ge=0, le=10, description="Alpha of CutMix: parts of images put into others; 1 is usual, 0 is never."
    )
    mirror: bool = Field(
        True,
        description="Average predictions over an image and its mirror image, where training mirrors: twice the work.",
    )
