"""`PanopticMaps`: the true panoptic maps of many images, each made when it is asked for."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, ClassVar, NamedTuple, final, overload

import numpy as np
from numpy.typing import NDArray

from convsight.results.panoptic_map import PanopticMap
from convsight.results.pixel_colours import Colour, usual_colours
from convsight.results.strata import rarest_class

# The map of one image; that is safe in threads.
PanopticSource = Callable[[], PanopticMap]

_AT_ONCE = 8  # maps held at a time while all are looked at
_DIGEST = 16  # bytes


@final
class PanopticMaps(Sequence[PanopticMap]):
    """The panoptic maps of many images; one at a time is in memory.

    Classes that are `things` (classes,) have a segment a thing. What must be known of all maps, the classes that they
    show and a digest, is found out when it is first asked for, in threads, and kept.

    >>> one = PanopticMap.of(("sky", "cat"), (False, True), np.array([[1, 2], [1, 3]]), [1, 2, 3], [0, 1, 1])
    >>> maps = PanopticMaps([lambda: one, lambda: one.select(np.array([0]))], ("sky", "cat"), (False, True))
    >>> maps.counts(), maps.to_find()
    ({'sky': 2, 'cat': 1}, 4)
    """

    fewest_classes: ClassVar[int] = 1

    def __init__(
        self,
        sources: Sequence[PanopticSource],
        classes: tuple[str, ...],
        things: tuple[bool, ...],
        colours: tuple[Colour, ...] | None = None,
    ) -> None:
        self.classes = classes
        self.things = things
        self.colours = colours or usual_colours(classes)
        self._images = [_Image(source) for source in sources]

    def __len__(self) -> int:
        return len(self._images)

    @overload
    def __getitem__(self, index: int) -> PanopticMap: ...
    @overload
    def __getitem__(self, index: slice) -> "PanopticMaps": ...
    def __getitem__(self, index: int | slice) -> "PanopticMap | PanopticMaps":
        if isinstance(index, slice):
            return self.select(np.arange(len(self))[index])
        return self._images[index].source()

    def select(self, positions: NDArray[np.integer[Any]]) -> "PanopticMaps":
        """The maps at `positions`, in that order."""
        found = PanopticMaps([], self.classes, self.things, self.colours)
        found._images = [self._images[position] for position in positions.tolist()]
        return found

    def counts(self) -> dict[str, int]:
        """How many images show each class."""
        return dict(zip(self.classes, self._shows().sum(axis=0).tolist(), strict=True))

    def to_find(self) -> int:
        """How many segments predictions are judged by: all but crowds."""
        return sum(facts.to_find for facts in self._facts())

    def strata(self) -> NDArray[np.int64]:
        """The rarest class of each image that at least ten images show; 0 where there is none."""
        return rarest_class(self._shows())

    def aligned(self, classes: tuple[str, ...]) -> "PanopticMaps":
        """The same maps by the indices of `classes`, found by name; raises `ValueError` where one is not there."""
        if classes == self.classes:
            return self
        place = {name: index for index, name in enumerate(classes)}
        table = np.array([place.get(name, -1) for name in self.classes], np.int64)
        kinds, colours = [True] * len(classes), list(usual_colours(classes))
        for old, new in enumerate(table.tolist()):
            if new >= 0:
                kinds[new], colours[new] = self.things[old], self.colours[old]
        sources: list[PanopticSource] = [
            _Moved(each.source, classes, tuple(kinds), tuple(colours), table) for each in self._images
        ]
        return PanopticMaps(sources, classes, tuple(kinds), tuple(colours))

    def lines(self) -> list[str]:
        """Of each image a digest of its segments and their classes."""
        return [facts.line for facts in self._facts()]

    def _shows(self) -> NDArray[np.bool_]:
        found = np.zeros((len(self), len(self.classes)), np.bool_)
        for row, facts in enumerate(self._facts()):
            found[row, facts.labels] = True
        return found

    def _facts(self) -> "list[_Facts]":
        unread = list({id(each): each for each in self._images if each.known is None}.values())
        if len(unread) < _AT_ONCE:
            for image in unread:
                image.look()
        else:
            with ThreadPoolExecutor(min(_AT_ONCE, os.cpu_count() or 1)) as threads:
                list(threads.map(_Image.look, unread))
        return [each.known for each in self._images if each.known is not None]


class _Facts(NamedTuple):
    """What is known of an image: the classes of its segments, how many are to be found, and a line that tells them."""

    labels: NDArray[np.int64]
    to_find: int
    line: str


class _Image:
    """An image's map, and what is known of it since somebody looked; shared by all that are selected from it."""

    def __init__(self, source: PanopticSource) -> None:
        self.source = source
        self.known: _Facts | None = None

    def look(self) -> None:
        """Make the map once, and keep what is known of it."""
        found = self.source()
        whole = blake2b(f"{found.size}".encode(), digest_size=_DIGEST)
        names = [
            f"{found.classes[label]}{' crowd' * bool(crowd)}"
            for label, crowd in zip(found.labels, found.crowd, strict=True)
        ]
        # Segments in the order of their first pixels, so that their numbers do not matter.
        rows, firsts = np.unique(found.rows, return_index=True)
        table = np.zeros(len(found) + 1, np.int32)
        table[rows[np.argsort(firsts)]] = np.arange(1, len(rows) + 1)
        table[0] = 0
        whole.update(table[found.rows].tobytes())
        told = sorted((int(table[row + 1]), name) for row, name in enumerate(names))
        self.known = _Facts(found.labels.copy(), int((~found.crowd).sum()), f"{whole.hexdigest()} {told}")


@dataclass(frozen=True)
class _Moved:
    """A map by the indices of other classes."""

    source: PanopticSource
    classes: tuple[str, ...]
    things: tuple[bool, ...]
    colours: tuple[Colour, ...]
    table: NDArray[np.int64]

    def __call__(self) -> PanopticMap:
        found = self.source()
        return PanopticMap.of(
            self.classes,
            self.things,
            found.ids,
            found.numbers,
            self.table[found.labels],
            colours=self.colours,
            scores=found.scores,
            crowd=found.crowd,
        )
