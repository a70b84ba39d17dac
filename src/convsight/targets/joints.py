"""`Joints`: points of a body, known by name."""

from collections.abc import Mapping
from itertools import chain
from typing import Literal, Self, final

from pydantic import Field, model_validator

from convsight.errors import UserError
from convsight.targets.spec import NamedTargets, Targets, TargetSpec


@final
class Joints(TargetSpec):
    """A place for each of `names`, joined by `edges`; `flip_pairs` change sides in a mirror image. Both by index.

    >>> Joints(names=("left eye", "right eye", "nose"), edges=((0, 2), (1, 2)), flip_pairs=((0, 1),)).outputs
    6
    """

    kind: Literal["joints"] = "joints"
    names: tuple[str, ...] = Field(min_length=1)
    edges: tuple[tuple[int, int], ...] = ()
    flip_pairs: tuple[tuple[int, int], ...] = ()

    @model_validator(mode="after")
    def _known_joints(self) -> Self:
        for index in chain(*self.edges, *self.flip_pairs):
            if not 0 <= index < len(self.names):
                raise ValueError(f"there is no joint {index}: they are counted from 0 to {len(self.names) - 1}")
        paired = list(chain(*self.flip_pairs))
        if len(set(paired)) != len(paired):
            raise ValueError(f"a joint changes sides with one other, not with several: {self.flip_pairs}")
        return self

    @property
    def outputs(self) -> int:
        return 2 * len(self.names)

    @property
    def scale(self) -> tuple[float, ...]:
        """Coordinates are fractions of the input."""
        return (1.0,) * self.outputs

    @property
    def noun(self) -> str:
        return "joint"

    def fitted(self, train: Targets) -> "Joints":
        return self

    def check(self, source: str, splits: Mapping[str, Targets]) -> list[str]:
        for targets in splits.values():
            self.aligned(source, targets)
        return []

    def aligned(self, source: str, targets: Targets, hint: str = "") -> Targets:
        if not isinstance(targets, NamedTargets):
            raise UserError(f"{source} holds targets without joints; the network tells {self.summary}{hint}")
        if targets.names != self.names:
            raise UserError(
                f"{source} holds the joints {', '.join(targets.names)}; the network knows {', '.join(self.names)}{hint}"
            )
        return targets
