"""`SeveralLabels`: any number of labels for an example."""

from collections.abc import Mapping
from typing import Any, Literal, Self, final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from convsight.errors import UserError
from convsight.results import LabelSets
from convsight.targets.named_classes import NamedClasses, class_targets
from convsight.targets.spec import Targets
from convsight.words import first_few, quoted


@final
class SeveralLabels(NamedClasses):
    """Any number of `names` for an example: a probability each, and the `thresholds` from which one is present.

    Thresholds that a validation has chosen stand in `Card.calibration`, and come before these.

    >>> SeveralLabels(names=("cat", "dog")).summary
    '2 labels'
    """

    kind: Literal["labels"] = "labels"
    thresholds: tuple[float, ...] | None = Field(None, description="A name each; 0.5 where none are known.")

    @model_validator(mode="after")
    def _one_threshold_a_name(self) -> Self:
        if self.thresholds is not None and len(self.thresholds) != len(self.names):
            raise ValueError(f"{len(self.names)} classes need as many thresholds, not {len(self.thresholds)}")
        return self

    @property
    def noun(self) -> str:
        return "label"

    def fitted(self, train: Targets) -> "SeveralLabels":
        return self

    def unfitted(self) -> "SeveralLabels":
        return self.model_copy(update={"thresholds": None})

    def check(self, source: str, splits: Mapping[str, Targets]) -> list[str]:
        """Labels that only other splits than train have are refused; of others see `datasets.label_findings`."""
        counts = {name: class_targets(targets).counts() for name, targets in splits.items()}
        there = [name for name in self.names if any(count.get(name) for count in counts.values())]
        if not there:
            raise UserError(f"{source}: no image has any of the labels {first_few(self.names)}; add some that do")
        lacking = {split: [name for name in there if not count.get(name)] for split, count in counts.items()}
        if lacking.get("train"):
            name = lacking["train"][0]
            elsewhere = " and ".join(split for split, count in counts.items() if count.get(name))
            raise UserError(
                f"{source}: the label {quoted(name)} is in {elsewhere} but not in train, so it cannot be learnt; add "
                "training images of it, or correct its name"
            )
        return [f"{split} holds no image of {first_few(names)}" for split, names in lacking.items() if names]

    def of_array(self, values: NDArray[Any]) -> LabelSets:
        """Labels from 0 and 1 of shape (examples, names)."""
        if values.ndim != 2 or values.shape[1] != len(self.names):
            raise UserError(f"expected (examples, {len(self.names)}) values of 0 and 1, not {values.shape}")
        wrong = values[(values != 0) & (values != 1)]
        if len(wrong):
            raise UserError(f"a label is 0 or 1, not {wrong[0]}; round probabilities before")
        return LabelSets(values.astype(np.bool_), self.names)


def label_sets(targets: Targets) -> LabelSets:
    """`targets`, which must be `LabelSets`; raises TypeError where they are not."""
    if not isinstance(targets, LabelSets):
        raise TypeError(f"expected the labels of each image, not {type(targets).__name__}")
    return targets
