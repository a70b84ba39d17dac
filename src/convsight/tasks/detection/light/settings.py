"""The choices that only detection has."""

from typing import ClassVar, Literal, Self, final

from pydantic import Field, model_validator

from convsight.settings import TaskSettings, refuse_idle_parameters


@final
class DetectionSettings(TaskSettings):
    """Losses, variations of images with boxes, suppression."""

    varying: ClassVar[frozenset[str]] = frozenset({"sampling", "mosaic", "mixup", "multi_scale"})

    label_smoothing: float = Field(0.05, ge=0, lt=1, description="Probability spread over the other classes.")
    box_loss: Literal["ciou", "diou", "giou", "iou", "smooth-l1"] = Field(
        "ciou", description="What a box costs that lies elsewhere."
    )
    class_loss: Literal["bce", "focal"] = Field("bce", description="What a wrong class costs.")
    focal_gamma: float | None = Field(
        None, ge=0, le=10, description="How little --class-loss focal learns from what is right. [default: 2]"
    )
    sampling: Literal["each", "balanced"] = Field(
        "each", description="each: every image once an epoch; balanced: images of rare classes more often."
    )
    mosaic: float | None = Field(
        None, ge=0, le=1, description="Share of images put together of four. [default: 0.5 where they vary strongly]"
    )
    mixup: float = Field(0.0, ge=0, le=1, description="Share of training images laid over another.")
    multi_scale: bool = Field(False, description="Train at several sizes, for things of any size.")
    suppression: Literal["class", "plain", "soft"] = Field(
        "class", description="Boxes suppress others of their class, of any, or lower their scores."
    )
    overlap: float = Field(
        0.65, gt=0, le=1, description="Intersection over union from which a surer box suppresses another."
    )

    @model_validator(mode="after")
    def _parameters_do_something(self) -> Self:
        refuse_idle_parameters(self, {"focal_gamma": ("class_loss", ("focal",))})
        return self
