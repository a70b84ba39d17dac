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
    tile: int | None = Field(
        None,
        ge=0,
        le=4096,
        description="Keep the scale of pictures and cut them into tiles of so many px; 0: never. [default: 256 where "
        "they are large]",
    )
    overlap: int | None = Field(
        None, ge=0, le=2048, description="Pixels that neighbouring tiles share. [default: a quarter of a tile]"
    )
    mirror: bool = Field(
        True,
        description="Average predictions over an image and its mirror image, where training mirrors: twice the work.",
    )
