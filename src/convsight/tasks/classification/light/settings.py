"""The choices that only classification has."""

from typing import ClassVar, Literal, Self, final

from pydantic import Field, model_validator

from convsight.settings import TaskSettings, refuse_idle_parameters


@final
class ClassificationSettings(TaskSettings):
    """What wrong answers cost, how often classes are seen, how sure a network shall become, what is mixed."""

    varying: ClassVar[frozenset[str]] = frozenset({"sampling", "mixup", "cutmix"})
    of_loss: ClassVar[frozenset[str]] = frozenset({"loss", "focal_gamma", "class_weights", "label_smoothing"})

    loss: Literal["cross-entropy", "focal", "bce"] = Field(
        "cross-entropy", description="What a wrong answer costs; bce: each class against the rest."
    )
    focal_gamma: float | None = Field(
        None, ge=0, le=10, description="How little --loss focal learns from what is right. [default: 2]"
    )
    class_weights: str | None = Field(
        None, description="What classes count in the loss: balanced, numbers such as 1,2.5,1, or some as cat=2,dog=0.5."
    )
    sampling: Literal["each", "balanced"] = Field(
        "each", description="each: every image once an epoch; balanced: all classes equally often."
    )
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

    @model_validator(mode="after")
    def _parameters_do_something(self) -> Self:
        refuse_idle_parameters(self, {"focal_gamma": ("loss", ("focal",))})
        return self
