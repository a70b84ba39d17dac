"""The choices that only several labels have."""

from typing import Literal, final

from pydantic import Field

from convsight.settings import TaskSettings


@final
class MultilabelSettings(TaskSettings):
    """How much a missed label costs, and whether a network looks twice."""

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
    mirror: bool = Field(
        True,
        description="Average predictions over an image and its mirror image, where training mirrors: twice the work.",
    )
