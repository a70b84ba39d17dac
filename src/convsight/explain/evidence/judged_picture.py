"""`JudgedPicture`: what can be said for or against maps of one picture, and of references beside them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.explain.evidence.areas import Areas, areas_of
from convsight.explain.evidence.cells import Cells
from convsight.explain.evidence.filled import Filled, filled_by_blur, filled_by_mean
from convsight.explain.evidence.references import BLOB, EDGES, OTHER, REFERENCES, centre_blob, edges
from convsight.explain.evidence.road import road
from convsight.explain.subject import Subject

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MapEvidence:
    """What speaks for one map of one picture: `areas` by blur, E by the data's `mean`, ROAD, E of the references.

    `areas` and `mean` are None where hiding everything changes the answer by less than 0.1: then nothing can be told.
    """

    areas: Areas | None
    mean: float | None
    road: float
    references: Mapping[str, float]

    @property
    def rank(self) -> int | None:
        """How many of the map and the references reach at least its E: 1 is the best; None where E is undefined."""
        if self.areas is None:
            return None
        return 1 + sum(each >= self.areas.e for each in self.references.values())

    @property
    def words(self) -> str:
        """In a few words, for people; one picture is weak evidence, and they say so."""
        if self.areas is None:
            return "E undefined: hiding everything changes the answer by less than 0.1"
        ordered = sorted(self.references.items(), key=lambda item: -item[1])
        beside = ", ".join(f"{name} {value:.2f}" for name, value in ordered)
        place = f"{self.rank} of {len(self.references) + 1}"
        return f"E {self.areas.e:.2f}, {place} beside {beside} (weak evidence: one picture)"

    def to_json(self) -> dict[str, Any]:
        """All of it, numbers and words."""
        return {
            "e": self.areas and self.areas.e,
            "deletion": self.areas and self.areas.deletion,
            "insertion": self.areas and self.areas.insertion,
            "e_mean": self.mean,
            "road": self.road,
            "references": dict(self.references),
            "rank": self.rank,
            "words": self.words,
        }


@dataclass(frozen=True)
class JudgedPicture:
    """A picture whose maps are judged; what all of them need is computed once."""

    subject: Subject

    @cached_property
    def cells(self) -> Cells:
        """The cells that are hidden one after the other."""
        return Cells(self.subject.sides)

    @cached_property
    def blurred(self) -> Filled:
        """What hides them, for verdicts."""
        return filled_by_blur(self.subject)

    @cached_property
    def mean(self) -> Filled:
        """What hides them, beside it."""
        return filled_by_mean(self.subject)

    def e(self, values: Floats) -> float | None:
        """E of a map over what the network sees, filled by blur; None where it is undefined."""
        areas = areas_of(self.blurred, self.cells, values)
        return areas and areas.e

    def e_by_mean(self, values: Floats) -> float | None:
        """E of a map, filled by the data's mean; None where it is undefined."""
        areas = areas_of(self.mean, self.cells, values)
        return areas and areas.e

    @cached_property
    def chance(self) -> dict[str, float]:
        """E of those references that are of this picture alone; nothing where it is undefined."""
        found = {BLOB: self.e(centre_blob(self.cells)), EDGES: self.e(edges(self.subject))}
        return {name: value for name, value in found.items() if value is not None}

    def evidence(self, values: Floats, other: Floats | None = None) -> MapEvidence:
        """What speaks for a map; `other` is one by the same method of another picture, where there is one."""
        beside = dict(self.chance)
        of_other = None if other is None else self.e(other)
        if of_other is not None:
            beside[OTHER] = of_other
        return MapEvidence(
            areas_of(self.blurred, self.cells, values),
            self.e_by_mean(values),
            road(self.subject, self.cells, values),
            {name: beside[name] for name in REFERENCES if name in beside},
        )
