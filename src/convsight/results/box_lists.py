"""`BoxLists`: what is true of every image of a split, boxes of all of them in one set of arrays."""

from collections.abc import Sequence
from typing import Any, ClassVar, final, overload

import numpy as np
from numpy.typing import NDArray

from convsight.results.box_columns import digest
from convsight.results.boxes import Boxes

_COMMON = 10  # images that show a class, from which splits can be cut by it


@final
class BoxLists(Sequence[Boxes]):
    """The true boxes of many images; an image may have none.

    >>> one = Boxes.of(("cat", "dog"), (9, 9), [(0, 0, 4, 4), (2, 2, 8, 8)], [0, 1])
    >>> lists = BoxLists([one, Boxes.of(("cat", "dog"), (9, 9), [], [])], ("cat", "dog"))
    >>> len(lists), len(lists[0]), lists[1].summary(), lists.counts()
    (2, 2, 'nothing found', {'cat': 1, 'dog': 1})
    """

    fewest_classes: ClassVar[int] = 1

    def __init__(self, lists: Sequence[Boxes], classes: tuple[str, ...]) -> None:
        for boxes in lists:
            if boxes.classes != classes:
                raise ValueError(f"boxes of the classes {boxes.classes} among those of {classes}")
        self._lists = list(lists)
        self.classes = classes

    def __len__(self) -> int:
        return len(self._lists)

    @overload
    def __getitem__(self, index: int) -> Boxes: ...
    @overload
    def __getitem__(self, index: slice) -> "BoxLists": ...
    def __getitem__(self, index: int | slice) -> "Boxes | BoxLists":
        if isinstance(index, slice):
            return BoxLists(self._lists[index], self.classes)
        return self._lists[index]

    def select(self, positions: NDArray[np.integer[Any]]) -> "BoxLists":
        """The lists at `positions`, in that order."""
        return BoxLists([self._lists[position] for position in positions.tolist()], self.classes)

    def counts(self) -> dict[str, int]:
        """How many images show each class."""
        return dict(zip(self.classes, self._shows().sum(axis=0).tolist(), strict=True))

    def to_find(self) -> int:
        """How many boxes predictions are judged by: all but crowds and difficult ones."""
        return sum(int((~(boxes.crowd | boxes.difficult)).sum()) for boxes in self._lists)

    def strata(self) -> NDArray[np.int64]:
        """The rarest class of each image that at least ten images show; 0 where there is none."""
        shows = self._shows()
        counts = shows.sum(axis=0)
        common = shows & (counts >= _COMMON)
        rarity = np.where(common, counts, np.iinfo(np.int64).max)
        found: NDArray[np.int64] = np.where(common.any(axis=1), rarity.argmin(axis=1), 0)
        # A stratum can be left with few of its images, since others counted for a rarer class.
        few = np.bincount(found, minlength=len(self.classes)) < _COMMON
        most = int(np.bincount(found).argmax()) if len(found) else 0
        return np.where(few[found], most, found)

    def aligned(self, classes: tuple[str, ...]) -> "BoxLists":
        """The same boxes by the indices of `classes`, found by name; raises `ValueError` where one is not there."""
        index = {name: position for position, name in enumerate(classes)}
        table = np.array([index.get(name, -1) for name in self.classes], np.int64)
        return BoxLists([boxes.relabelled(classes, table) for boxes in self._lists], classes)

    def lines(self) -> list[str]:
        """Of each image every box, in an order of their own: its class, corners, flags and columns."""
        return ["; ".join(sorted(box_line(boxes, row) for row in range(len(boxes)))) for boxes in self._lists]

    def _shows(self) -> NDArray[np.bool_]:
        """Whether each image shows each class: (images, classes)."""
        found = np.zeros((len(self._lists), len(self.classes)), np.bool_)
        for row, boxes in enumerate(self._lists):
            found[row, boxes.labels] = True
        return found


def box_line(boxes: Boxes, row: int) -> str:
    """A box as a line of text: its class, corners, flags and columns."""
    corners = " ".join(f"{side:.6g}" for side in boxes.xyxy[row])
    flags = f"{' crowd' * bool(boxes.crowd[row])}{' difficult' * bool(boxes.difficult[row])}"
    return f"{boxes.classes[boxes.labels[row]]} {corners}{flags}{digest(boxes.columns, row)}"
