"""`Classes`: one of a list of classes; `SeveralLabels`: any number of them; `Palette`: one for every pixel."""

from collections.abc import Mapping
from typing import Any, Literal, Self, final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from convsight.errors import UserError, unknown_name
from convsight.results import Labels
from convsight.targets.spec import ClassTargets, Targets, TargetSpec
from convsight.words import first_few


class _Named(TargetSpec):
    """What classes of any kind have in common: a name each, probabilities in 0..1."""

    names: tuple[str, ...] = Field(min_length=1)

    @property
    def outputs(self) -> int:
        return len(self.names)

    @property
    def scale(self) -> tuple[float, ...]:
        return (1.0,) * len(self.names)

    @property
    def noun(self) -> str:
        return "class"

    @property
    def nouns(self) -> str:
        return "classes"

    def check(self, source: str, splits: Mapping[str, Targets]) -> list[str]:
        targets = {name: class_targets(split) for name, split in splits.items()}
        counts = {name: split.counts() for name, split in targets.items()}
        present = [name for name in self.names if any(count.get(name) for count in counts.values())]
        fewest = min(split.fewest_classes for split in targets.values())
        if len(present) == 1 and fewest > 1:
            raise UserError(f"{source}: one class only: {present[0]!r}; a classifier needs two or more")
        learnt = counts.get("train") or counts.get("all")
        for name in self.names:
            elsewhere = [split for split, count in counts.items() if count.get(name)]
            if not elsewhere:
                raise UserError(f"{source}: the class {name!r} has no image; add some or remove the class")
            if learnt is not None and not learnt.get(name):
                raise UserError(
                    f"{source}: the class {name!r} is in {' and '.join(elsewhere)} but not in train, so it cannot "
                    "be learnt; add training images of it, or correct its name"
                )
        return self._lacking(counts)

    def aligned(self, source: str, targets: Targets, hint: str = "") -> Targets:
        if not isinstance(targets, ClassTargets):
            raise UserError(f"{source} holds targets that name no classes; the network tells {self.summary}{hint}")
        known = targets
        for name, count in known.counts().items():
            if count and name not in self.names:
                raise UserError(f"{source}: {unknown_name('class', name, self.names)}{hint}")
        return known.aligned(self.names)

    def _lacking(self, counts: Mapping[str, Mapping[str, int]]) -> list[str]:
        missing = {split: [name for name in self.names if not count.get(name)] for split, count in counts.items()}
        return [f"{split} holds no image of {first_few(names)}" for split, names in missing.items() if names]


@final
class Classes(_Named):
    """One of `names` for an example, or for each thing in it.

    >>> Classes(names=("cat", "dog")).outputs
    2
    """

    kind: Literal["classes"] = "classes"

    def fitted(self, train: Targets) -> "Classes":
        return self

    def of_array(self, values: NDArray[Any]) -> Labels:
        if values.ndim != 1 or not np.issubdtype(values.dtype, np.integer):
            raise UserError(f"targets that are classes need one whole number each, not {values.dtype} {values.shape}")
        try:
            return Labels(values, self.names)
        except ValueError as error:
            raise UserError(str(error)) from error


@final
class SeveralLabels(_Named):
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


@final
class Palette(_Named):
    """One of `names` for every pixel, drawn in `colours` (red, green, blue); `ignored` is the index of no class."""

    kind: Literal["palette"] = "palette"
    colours: tuple[tuple[int, int, int], ...]
    ignored: int | None = Field(255, ge=0, le=65535)

    @model_validator(mode="after")
    def _one_colour_a_name(self) -> Self:
        if len(self.colours) != len(self.names):
            raise ValueError(f"{len(self.names)} classes need as many colours, not {len(self.colours)}")
        if self.ignored is not None and self.ignored < len(self.names):
            raise ValueError(f"{self.ignored} is the index of the class {self.names[self.ignored]!r}, not of no class")
        return self

    def fitted(self, train: Targets) -> "Palette":
        return self


def class_targets(targets: Targets) -> ClassTargets:
    """`targets`, which must name classes; raises TypeError where they do not."""
    if not isinstance(targets, ClassTargets):
        raise TypeError(f"expected targets that name classes, not {type(targets).__name__}")
    return targets


def counts_by_class(targets: Targets) -> dict[str, int]:
    """How many examples show each class; empty for targets that name none."""
    return targets.counts() if isinstance(targets, ClassTargets) else {}
