"""The choices that only panoptic has."""

from typing import ClassVar, final

from pydantic import Field

from convsight.settings import TaskSettings


@final
class PanopticSettings(TaskSettings):
    """What is too little to be told."""

    varying: ClassVar[frozenset[str]] = frozenset()

    least_stuff: float = Field(
        0.005, ge=0, lt=1, description="Share of an image that a region of stuff needs, to be told."
    )
