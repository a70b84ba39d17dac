"""`MadeMaps`: the maps of a ranking's pictures, made when they are asked for; those of the last two are kept."""

import time
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.errors import UserError
from convsight.explain.evidence.drawn import Drawn
from convsight.explain.explain import ExplainedModel
from convsight.explain.method import MethodOptions, make_method
from convsight.explain.subject import Subject

_KEPT = 2  # pictures


class TimedMap(NamedTuple):
    """A map over what the network sees, how long it took, and whether its values are in the unit of the answer."""

    values: NDArray[np.float64]
    seconds: float
    in_unit: bool


@dataclass
class MadeMaps:
    """Pictures are named by their place among those `drawn`.

    `unread` says which pictures are left out, and why; `refused` why a method could not explain one, the last time.
    """

    network: ExplainedModel
    drawn: Drawn
    options: MethodOptions
    max_megapixels: float = 100.0
    unread: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    _subjects: dict[int, Subject | None] = field(default_factory=dict)
    _maps: dict[int, dict[str, TimedMap | None]] = field(default_factory=dict)

    def subject(self, place: int) -> Subject | None:
        """The picture with the question about it; None where it is unreadable, or nothing was found on it."""
        if place not in self._subjects:
            _make_room(self._subjects)
            try:
                picture = self.drawn.pictures[place]
                self._subjects[place] = self.network.subject(picture, max_megapixels=self.max_megapixels)
            except UserError as error:
                self.unread[self.drawn.names[place]] = str(error)
                self._subjects[place] = None
        return self._subjects[place]

    def some(self, count: int) -> list[Subject]:
        """The first `count` pictures that can be explained, fewer where there are fewer."""
        found: list[Subject] = []
        for place in range(len(self.drawn.names)):
            subject = self.subject(place) if len(found) < count else None
            if subject is not None:
                found.append(subject)
        return found

    def of(self, place: int, method: str) -> TimedMap | None:
        """The map of a picture by a method; None where there is none."""
        subject = self.subject(place)
        if subject is None:
            return None
        if place not in self._maps:
            _make_room(self._maps)
            self._maps[place] = {}
        kept = self._maps[place]
        if method not in kept:
            kept[method] = self._made(subject, method)
        return kept[method]

    def before(self, place: int, method: str) -> TimedMap | None:
        """The map of the picture before that, of the last one before the first; None where no other has any."""
        count = len(self.drawn.names)
        places = ((place - step) % count for step in range(1, count))
        return next((found for found in (self.of(other, method) for other in places) if found is not None), None)

    def _made(self, subject: Subject, name: str) -> TimedMap | None:
        began = time.perf_counter()
        try:
            method = make_method(name, self.options)
            values = method.importance(subject)
        except UserError as error:
            self.refused[name] = str(error)
            return None
        return TimedMap(values, time.perf_counter() - began, method.scale == "score")


def _make_room(kept: dict[int, Any]) -> None:
    while len(kept) >= _KEPT:
        del kept[next(iter(kept))]
