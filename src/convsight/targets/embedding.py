"""`Embedding`: a vector, near to those of what is alike."""

from collections.abc import Mapping
from typing import Literal, final

from pydantic import Field

from convsight.errors import UserError
from convsight.targets.spec import Targets, TargetSpec


@final
class Embedding(TargetSpec):
    """A vector of `dimensions` numbers of length 1. `names` are the classes that it was learnt from, if any.

    What is compared is not known by name: any targets may be judged by, since they say only what is alike.
    """

    kind: Literal["embedding"] = "embedding"
    names: tuple[str, ...] = ()
    dimensions: int = Field(ge=1)

    @property
    def outputs(self) -> int:
        return self.dimensions

    @property
    def scale(self) -> tuple[float, ...]:
        return (1.0,) * self.dimensions

    @property
    def noun(self) -> str:
        return "class"

    def fitted(self, train: Targets) -> "Embedding":
        return self

    def check(self, source: str, splits: Mapping[str, Targets]) -> list[str]:
        for name, targets in splits.items():
            if len(targets) < 2:
                raise UserError(f"{source}: {name} holds one example, but what is alike shows in two or more")
        return []

    def aligned(self, source: str, targets: Targets, hint: str = "") -> Targets:
        return targets
