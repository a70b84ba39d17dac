"""The choices that only instances have."""

from typing import ClassVar, Literal, final

from pydantic import Field

from convsight.settings import TaskSettings


@final
class InstanceSettings(TaskSettings):
    """How pictures vary, and how things are told apart."""

    varying: ClassVar[frozenset[str]] = frozenset({"turn"})

    turn: Literal["auto", "slight", "any"] = Field(
        "auto",
        description="any: pictures have no up, as under a microscope; auto: where they show many things of one class.",
    )
    marker: float = Field(
        0.5, gt=0, lt=1, description="Depth, of a thing's own, from which a pixel is of its core; each core is a thing."
    )
    overlap: float = Field(
        0.5, gt=0, le=1, description="Intersection over union from which mask-rcnn's surer box suppresses another."
    )
