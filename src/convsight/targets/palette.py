"""`Palette`: one of a list of classes for every pixel."""

from collections.abc import Mapping
from typing import Any, Literal, Self, final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from convsight.errors import UserError
from convsight.results import IGNORED, ClassMaps, PanopticMaps, unknown_index, usual_colours
from convsight.targets.named_classes import NamedClasses, class_targets
from convsight.targets.spec import Targets
from convsight.words import first_few


@final
class Palette(NamedClasses):
    """One of `names` for every pixel, drawn in `colours` (red, green, blue); `ignore_index` is that of no class.

    `shares` are those of each class in the pixels of the training masks that have one.

    >>> Palette.of(("background", "cat")).colours
    ((0, 0, 0), (230, 159, 0))
    """

    kind: Literal["palette"] = "palette"
    colours: tuple[tuple[int, int, int], ...]
    ignore_index: int | None = Field(IGNORED, ge=0, le=65535)
    shares: tuple[float, ...] | None = Field(None, exclude_if=lambda found: found is None)
    # Which of the names are single things, where images are told in segments; left out where they are not.
    things: tuple[str, ...] | None = Field(None, exclude_if=lambda found: found is None)

    @classmethod
    def of(cls, names: tuple[str, ...]) -> Self:
        """A palette of these names in our own colours."""
        return cls(names=names, colours=usual_colours(names), ignore_index=unknown_index(len(names)))

    @model_validator(mode="before")
    @classmethod
    def _of_older_cards(cls, facts: Any) -> Any:
        """Cards called `ignore_index` `ignored` at first; data that a program gives may leave colours to us."""
        if not isinstance(facts, dict):
            return facts
        found = {"ignore_index" if name == "ignored" else name: value for name, value in facts.items()}
        if "colours" not in found and isinstance(found.get("names"), list | tuple):
            found["colours"] = usual_colours([str(name) for name in found["names"]])
        return found

    @model_validator(mode="after")
    def _one_colour_a_name(self) -> Self:
        if len(self.colours) != len(self.names):
            raise ValueError(f"{len(self.names)} classes need as many colours, not {len(self.colours)}")
        if self.shares is not None and len(self.shares) != len(self.names):
            raise ValueError(f"{len(self.names)} classes need as many shares, not {len(self.shares)}")
        if self.ignore_index is not None and self.ignore_index < len(self.names):
            name = self.names[self.ignore_index]
            raise ValueError(f"{self.ignore_index} is the index of the class {name!r}, not of no class")
        return self

    @property
    def unknown(self) -> int:
        """The index of pixels without a class, whether or not the data have such."""
        return unknown_index(len(self.names)) if self.ignore_index is None else self.ignore_index

    @property
    def pixels(self) -> dict[str, int]:
        """How many of a thousand million training pixels each class has; empty where that was not measured."""
        return {name: round(share * 1e9) for name, share in zip(self.names, self.shares or (), strict=False)}

    def fitted(self, train: Targets) -> "Palette":
        if not isinstance(train, ClassMaps):
            return self
        pixels = class_maps(train).pixels().sum(axis=0)
        return self.model_copy(update={"shares": tuple((pixels / max(1, pixels.sum())).tolist())})

    def unfitted(self) -> "Palette":
        return self.model_copy(update={"shares": None})

    def check(self, source: str, splits: Mapping[str, Targets]) -> list[str]:
        """Classes that no mask shows are told, since palettes often list more than there are; one alone is refused."""
        counts = {name: class_targets(split).counts() for name, split in splits.items()}
        present = [name for name in self.names if any(count[name] for count in counts.values())]
        if not present:
            raise UserError(f"{source}: no pixel of any mask has a class; are the indices those of {self.names}?")
        if len(present) == 1:
            raise UserError(
                f"{source}: one class only: all pixels are {present[0]!r}; give what lies around it a class of its own"
            )
        lacking = {split: [name for name in self.names if not count[name]] for split, count in counts.items()}
        taught = lacking.get("train", lacking.get("all", []))
        notes = []
        if nowhere := [name for name in self.names if name not in present]:
            notes.append(f"no mask shows {first_few(nowhere)}")
        if untaught := [name for name in taught if name in present]:
            notes.append(f"train holds no pixel of {first_few(untaught)}, which cannot be learnt")
        for split, names in lacking.items():
            if (only := [name for name in names if name in present]) and names is not taught:
                notes.append(f"{split} holds no pixel of {first_few(only)}")
        return notes

    def aligned(self, source: str, targets: Targets, hint: str = "") -> Targets:
        if not isinstance(targets, ClassMaps | PanopticMaps):
            raise UserError(f"{source} holds no classes of pixels; the network tells {self.summary}{hint}")
        return super().aligned(source, targets, hint)

    def of_array(self, values: NDArray[Any]) -> ClassMaps:
        """Maps of an array (examples, height, width) or (examples, depth, height, width) of whole numbers."""
        if values.ndim not in {3, 4} or values.dtype.kind not in "iu":
            raise UserError(
                "classes of pixels need whole numbers (examples, height, width) or (examples, depth, height, width), "
                f"not {values.dtype} {values.shape}"
            )
        strange = np.setdiff1d(np.unique(values), [*range(len(self.names)), self.unknown])
        if len(strange):
            raise UserError(
                f"masks hold {first_few([str(each) for each in strange.tolist()])}, where {len(self.names)} classes "
                f"have the indices 0 to {len(self.names) - 1}, and {self.unknown} is none"
            )
        narrow = values.astype(np.uint8 if self.unknown < 256 else np.uint16)
        return ClassMaps(narrow, self.names, self.colours, self.unknown)


def class_maps(targets: Targets) -> ClassMaps:
    """`targets`, which must be `ClassMaps`; raises TypeError where they are not."""
    if not isinstance(targets, ClassMaps):
        raise TypeError(f"expected a class for every pixel, not {type(targets).__name__}")
    return targets
