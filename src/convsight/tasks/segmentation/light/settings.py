"""The choices that only segmentation has."""

from typing import ClassVar, final

from pydantic import Field

from convsight.settings import TaskSettings


@final
class SegmentationSettings(TaskSettings):
    """What a wrong pixel costs, and whether a network looks twice."""

    of_loss: ClassVar[frozenset[str]] = frozenset({"class_weights"})

    class_weights: str | None = Field(
        None,
        description="What each class counts: balanced, numbers in their order, or by name (cat=2,dog=1). "
        "[default: all alike]",
    )
    mirror: bool = Field(
        True,
        description="Average predictions over an image and its mirror image, where training mirrors: twice the work.",
    )
