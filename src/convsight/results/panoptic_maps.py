"""`PanopticMaps`: the true segments of many images, each made when it is asked for."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any, ClassVar, final, overload

import numpy as np
from numpy.typing import NDArray

from convsight.results.on_demand import OnDemand, facts_of
from convsight.results.panoptic_map import PanopticMap
from convsight.results.strata import rarest_class
from convsight.results.thing_facts import Table, ThingFacts, class_table, classes_shown

# The segments of one image; that is safe in threads.
PanopticSource = Callable[[], PanopticMap]

_DIGEST = 16  # bytes


@final
class PanopticMaps(Sequence[PanopticMap]):
    """The true segments of many images, of `classes`, of which `things` are single things and the others stuff.

    >>> one = PanopticMap.of(("sky", "car"), (False, True), np.array([[7, 7]]), [7], [1])
    >>> maps = PanopticMaps([lambda: one], ("sky", "car"), (False, True))
    >>> maps.counts(), maps[0].summary()
    ({'sky': 0, 'car': 1}, '1 car')
    """

    fewest_classes: ClassVar[int] = 2

    def __init__(self, sources: Sequence[PanopticSource], classes: tuple[str, ...], things: tuple[bool, ...]) -> None:
        self.classes = classes
        self.things = things
        self._images = [OnDemand(source, _looked_at) for source in sources]
        self._table: Table | None = None  # an index of the sources' classes -> one of these

    def __len__(self) -> int:
        return len(self._images)

    @overload
    def __getitem__(self, index: int) -> PanopticMap: ...
    @overload
    def __getitem__(self, index: slice) -> "PanopticMaps": ...
    def __getitem__(self, index: int | slice) -> "PanopticMap | PanopticMaps":
        if isinstance(index, slice):
            return self._like(self._images[index], self.classes, self.things, self._table)
        found = self._images[index].make()
        return found if self._table is None else self._moved(found, self._table)

    def select(self, positions: NDArray[np.integer[Any]]) -> "PanopticMaps":
        """The maps at `positions`, in that order."""
        chosen = [self._images[position] for position in positions.tolist()]
        return self._like(chosen, self.classes, self.things, self._table)

    def counts(self) -> dict[str, int]:
        """How many images show each class."""
        return dict(zip(self.classes, self._shows().sum(axis=0).tolist(), strict=True))

    def to_find(self) -> int:
        """How many segments predictions are judged by: all but crowds."""
        return sum(facts.to_find for facts in facts_of(self._images))

    def strata(self) -> NDArray[np.int64]:
        """The rarest class of each image that at least ten images show; 0 where there is none."""
        return rarest_class(self._shows())

    def aligned(self, classes: tuple[str, ...]) -> "PanopticMaps":
        """The same segments by the indices of `classes`, found by name; raises `ValueError` where one is not there."""
        table = class_table(self.classes, classes, self._table)
        kinds = dict(zip(self.classes, self.things, strict=True))
        things = tuple(kinds.get(name, False) for name in classes)
        return self._like(self._images, classes, things, table)

    def lines(self) -> list[str]:
        """Of each image every segment, in an order of their own: its class, whether it is a crowd, and its pixels."""
        return [facts.line for facts in facts_of(self._images)]

    def _shows(self) -> NDArray[np.bool_]:
        return classes_shown(facts_of(self._images), len(self.classes), self._table)

    def _moved(self, found: PanopticMap, table: NDArray[np.int64]) -> PanopticMap:
        labels = table[found.labels]
        if len(labels) and int(labels.min()) < 0:
            raise ValueError(f"segments of the classes {found.classes}, of which {self.classes} lack some")
        return replace(found, classes=self.classes, things=self.things, labels=labels)

    def _like(
        self,
        images: "list[_Image]",
        classes: tuple[str, ...],
        things: tuple[bool, ...],
        table: Table | None,
    ) -> "PanopticMaps":
        found = PanopticMaps([], classes, things)
        found._images, found._table = list(images), table
        return found


_Image = OnDemand[PanopticMap, ThingFacts]


def _looked_at(found: PanopticMap) -> ThingFacts:
    return ThingFacts(found.labels.copy(), int((~found.crowd).sum()), "; ".join(sorted(_lines(found))))


def _lines(found: PanopticMap) -> list[str]:
    """Of each segment a text that does not depend on its id."""
    order = np.argsort(found.ids, axis=None, kind="stable")
    ends = np.searchsorted(found.ids.reshape(-1)[order], np.append(found.numbers, found.numbers + 1))
    starts, stops = np.split(ends, 2)
    lines = []
    for row, (start, stop) in enumerate(zip(starts.tolist(), stops.tolist(), strict=True)):
        places = order[start:stop].astype("<i8").tobytes()
        digest = blake2b(repr(found.ids.shape).encode() + places, digest_size=_DIGEST).hexdigest()
        lines.append(f"{found.classes[found.labels[row]]}{' crowd' * bool(found.crowd[row])} {digest}")
    return lines
