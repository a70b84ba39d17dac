"""`SeveralLabels`: any number of classes for an example."""

from typing import Literal, Self, final

from pydantic import Field, model_validator

from convsight.targets.named_classes import NamedClasses
from convsight.targets.spec import Targets


@final
class SeveralLabels(NamedClasses):
    """Any number of `names` for an example: a probability each, and the `thresholds` from which one counts as said."""

    kind: Literal["labels"] = "labels"
    thresholds: tuple[float, ...] | None = Field(None, description="A name each; 0.5 where none are known.")

    @model_validator(mode="after")
    def _one_threshold_a_name(self) -> Self:
        if self.thresholds is not None and len(self.thresholds) != len(self.names):
            raise ValueError(f"{len(self.names)} classes need as many thresholds, not {len(self.thresholds)}")
        return self

    def fitted(self, train: Targets) -> "SeveralLabels":
        return self

    def unfitted(self) -> "SeveralLabels":
        return self.model_copy(update={"thresholds": None})
