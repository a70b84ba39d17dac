"""`Palette`: one of a list of classes for every pixel."""

from typing import Any, Literal, Self, final

from pydantic import Field, model_validator

from convsight.targets.named_classes import NamedClasses
from convsight.targets.spec import Targets


@final
class Palette(NamedClasses):
    """One of `names` for every pixel, drawn in `colours` (red, green, blue); `ignore_index` is that of no class."""

    kind: Literal["palette"] = "palette"
    colours: tuple[tuple[int, int, int], ...]
    ignore_index: int | None = Field(255, ge=0, le=65535)

    @model_validator(mode="before")
    @classmethod
    def _of_older_cards(cls, facts: Any) -> Any:
        """Cards called `ignore_index` `ignored` at first."""
        if isinstance(facts, dict) and "ignored" in facts:
            return {"ignore_index" if name == "ignored" else name: value for name, value in facts.items()}
        return facts

    @model_validator(mode="after")
    def _one_colour_a_name(self) -> Self:
        if len(self.colours) != len(self.names):
            raise ValueError(f"{len(self.names)} classes need as many colours, not {len(self.colours)}")
        if self.ignore_index is not None and self.ignore_index < len(self.names):
            name = self.names[self.ignore_index]
            raise ValueError(f"{self.ignore_index} is the index of the class {name!r}, not of no class")
        return self

    def fitted(self, train: Targets) -> "Palette":
        return self
