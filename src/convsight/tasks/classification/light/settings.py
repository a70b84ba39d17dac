"""The choices that only classification has."""

from typing import final

from pydantic import Field

from convsight.settings import TaskSettings


@final
class ClassificationSettings(TaskSettings):
    """How sure a network shall become, what images are mixed, and whether it looks twice."""

    label_smoothing: float = Field(0.05, ge=0, lt=1, description="Probability spread over the other classes.")
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
