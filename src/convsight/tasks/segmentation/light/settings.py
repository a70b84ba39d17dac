"""The choices that only segmentation has."""

from typing import ClassVar, Self, final

from pydantic import Field, field_validator, model_validator

from convsight.settings import TaskSettings
from convsight.tasks.segmentation.light.loss_text import LOSSES, loss_in_words, parse_loss


@final
class SegmentationSettings(TaskSettings):
    """What a wrong pixel costs, and whether a network looks twice."""

    of_loss: ClassVar[frozenset[str]] = frozenset({"loss", "focal_gamma", "tversky_beta", "class_weights"})

    loss: str = Field(
        "ce + dice", description=f"What wrong pixels cost: {', '.join(LOSSES)}, or a sum such as ce + 0.5*dice."
    )
    focal_gamma: float | None = Field(
        None, ge=0, le=10, description="How little focal learns from what is right. [default: 2]"
    )
    tversky_beta: float | None = Field(
        None, gt=0, lt=1, description="What missed pixels cost in tversky; wrong ones cost the rest. [default: 0.7]"
    )

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

    @field_validator("loss")
    @classmethod
    def _known_losses(cls, loss: str) -> str:
        return loss_in_words(parse_loss(loss))

    @model_validator(mode="after")
    def _parameters_do_something(self) -> Self:
        names = {name for _, name in parse_loss(self.loss)}
        for option, loss in (("focal_gamma", "focal"), ("tversky_beta", "tversky")):
            if getattr(self, option) is not None and loss not in names:
                raise ValueError(
                    f"--{option.replace('_', '-')} goes with --loss {loss}, not with {self.loss}: leave it out"
                )
        return self
