"""The choices that only classification has."""

from typing import final

from pydantic import Field

from convsight.settings import TaskSettings


@final
class ClassificationSettings(TaskSettings):
    """How sure a network shall become, and whether it looks twice."""

    label_smoothing: float = Field(0.05, ge=0, lt=1, description="Probability spread over the other classes.")
    mirror: bool = Field(
        True,
        description="Average predictions over an image and its mirror image, where training mirrors: twice the work.",
    )
