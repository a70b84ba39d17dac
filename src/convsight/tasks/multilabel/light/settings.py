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
    focal_gamma: float = Field(0.0, ge=0, le=10, description="Focal loss: how much less sure answers count; 0: not so.")
    mirror: bool = Field(
        True,
        description="Average predictions over an image and its mirror image, where training mirrors: twice the work.",
    )
