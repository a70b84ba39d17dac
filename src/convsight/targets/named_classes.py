"""`NamedClasses`: what classes of any kind have in common, and targets that name them."""

from collections.abc import Mapping

from pydantic import Field

from convsight.errors import UserError, unknown_name
from convsight.targets.spec import ClassTargets, Targets, TargetSpec
from convsight.words import first_few


class NamedClasses(TargetSpec):
    """A name for each class, probabilities in 0..1."""

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
        for name, count in targets.counts().items():
            if count and name not in self.names:
                raise UserError(f"{source}: {unknown_name('class', name, self.names)}{hint}")
        return targets.aligned(self.names)

    def _lacking(self, counts: Mapping[str, Mapping[str, int]]) -> list[str]:
        missing = {split: [name for name in self.names if not count.get(name)] for split, count in counts.items()}
        return [f"{split} holds no image of {first_few(names)}" for split, names in missing.items() if names]


def class_targets(targets: Targets) -> ClassTargets:
    """`targets`, which must name classes; raises TypeError where they do not."""
    if not isinstance(targets, ClassTargets):
        raise TypeError(f"expected targets that name classes, not {type(targets).__name__}")
    return targets


def counts_by_class(targets: Targets) -> dict[str, int]:
    """How many examples show each class; empty for targets that name none."""
    return targets.counts() if isinstance(targets, ClassTargets) else {}
