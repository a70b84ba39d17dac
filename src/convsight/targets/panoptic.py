"""`Panoptic`: a class for every pixel, and things told from one another."""

from typing import Any, Literal, Self, final

from pydantic import model_validator

from convsight.errors import UserError
from convsight.results import PanopticMaps
from convsight.results.pixel_colours import usual_colours
from convsight.targets.named_classes import NamedClasses
from convsight.targets.spec import Targets


@final
class Panoptic(NamedClasses):
    """One of `names` for every pixel; of those that are `things` (one flag a name), also which thing it is of.

    >>> Panoptic(names=("background", "cat"), things=(False, True)).colours
    ((0, 0, 0), (230, 159, 0))
    """

    kind: Literal["panoptic"] = "panoptic"
    things: tuple[bool, ...]
    colours: tuple[tuple[int, int, int], ...]

    @model_validator(mode="before")
    @classmethod
    def _own_colours(cls, facts: Any) -> Any:
        """Data that a program gives may leave colours to us."""
        if isinstance(facts, dict) and "colours" not in facts and isinstance(facts.get("names"), list | tuple):
            return {**facts, "colours": usual_colours([str(name) for name in facts["names"]])}
        return facts

    @model_validator(mode="after")
    def _one_each(self) -> Self:
        if not len(self.names) == len(self.things) == len(self.colours):
            raise ValueError(
                f"{len(self.names)} classes need as many flags of things and colours, not {len(self.things)} and "
                f"{len(self.colours)}"
            )
        return self

    def fitted(self, train: Targets) -> "Panoptic":
        return self

    def meaning(self) -> list[Any]:
        return [[name, thing] for name, thing in zip(self.names, self.things, strict=True)]

    def aligned(self, source: str, targets: Targets, hint: str = "") -> Targets:
        if not isinstance(targets, PanopticMaps):
            raise UserError(f"{source} holds no panoptic maps; the network tells {self.summary}{hint}")
        return super().aligned(source, targets, hint)
