"""`InstanceLists`: the true things of many images with their pixels, each made when it is asked for."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, final, overload

import numpy as np
from numpy.typing import NDArray

from convsight.results.box_lists import box_line
from convsight.results.boxes import Boxes
from convsight.results.masks import mask_column, masks_of_ids
from convsight.results.on_demand import OnDemand, facts_of
from convsight.results.strata import rarest_class
from convsight.results.thing_facts import Table, ThingFacts, class_table, classes_shown, moved

# The things of one image, `Boxes` with the column `mask`; that is safe in threads.
InstanceSource = Callable[[], Boxes]


def boxes_of_ids(
    ids: NDArray[np.integer[Any]], labels: NDArray[np.integer[Any]], classes: tuple[str, ...], **more: Any
) -> Boxes:
    """The things of a map (height, width): thing k, from 1, has the pixels of its number and the class `labels[k - 1]`.

    Numbers without a pixel are left out. `more` is what else `Boxes.of` takes, for each of the numbers.

    >>> boxes = boxes_of_ids(np.array([[1, 1, 0], [0, 3, 3]]), np.array([0, 0, 1]), ("cat", "dog"))
    >>> boxes.summary(), boxes.xyxy.tolist()
    ('1 cat, 1 dog', [[0.0, 0.0, 2.0, 1.0], [1.0, 1.0, 3.0, 2.0]])
    """
    masks = masks_of_ids(ids)
    seen = [row for row, mask in enumerate(masks) if mask.area]
    kept = [masks[row] for row in seen]
    return Boxes.of(
        classes,
        (ids.shape[1], ids.shape[0]),
        [mask.xyxy for mask in kept],
        np.asarray(labels, np.int64)[seen],
        areas=[mask.area for mask in kept],
        columns={"mask": mask_column(kept)},
        **{name: np.asarray(values)[seen] for name, values in more.items()},
    )


@final
class InstanceLists(Sequence[Boxes]):
    """The true things of many images, with their pixels; an image may have none.

    The things of one image at a time are in memory. What must be known of all of them, which classes there are and what
    tells one image's things from another's, is found out when it is first asked for, in threads, and kept.

    >>> one = boxes_of_ids(np.array([[1, 0], [0, 2]]), np.array([0, 1]), ("cat", "dog"))
    >>> lists = InstanceLists([lambda: one, lambda: one.select(np.array([0]))], ("cat", "dog"))
    >>> len(lists), lists[1].summary(), lists.counts(), lists.to_find()
    (2, '1 cat', {'cat': 2, 'dog': 1}, 3)
    """

    fewest_classes: ClassVar[int] = 1

    def __init__(self, sources: Sequence[InstanceSource], classes: tuple[str, ...]) -> None:
        self.classes = classes
        self._images = [OnDemand(source, _looked_at) for source in sources]
        self._table: Table | None = None  # an index of the sources' classes -> one of these

    def __len__(self) -> int:
        return len(self._images)

    @overload
    def __getitem__(self, index: int) -> Boxes: ...
    @overload
    def __getitem__(self, index: slice) -> "InstanceLists": ...
    def __getitem__(self, index: int | slice) -> "Boxes | InstanceLists":
        if isinstance(index, slice):
            return self._like(self._images[index], self.classes, self._table)
        boxes = self._images[index].make()
        return boxes if self._table is None else boxes.relabelled(self.classes, self._table)

    def select(self, positions: NDArray[np.integer[Any]]) -> "InstanceLists":
        """The lists at `positions`, in that order."""
        return self._like([self._images[position] for position in positions.tolist()], self.classes, self._table)

    def counts(self) -> dict[str, int]:
        """How many images show each class."""
        return dict(zip(self.classes, self._shows().sum(axis=0).tolist(), strict=True))

    def to_find(self) -> int:
        """How many things predictions are judged by: all but crowds and difficult ones."""
        return sum(facts.to_find for facts in self._facts())

    def things(self) -> dict[str, int]:
        """How many things there are of each class."""
        labels = [moved(facts.labels, self._table) for facts in self._facts()]
        counts = np.bincount(np.concatenate([*labels, np.zeros(0, np.int64)]), minlength=len(self.classes))
        return dict(zip(self.classes, counts.tolist(), strict=True))

    def strata(self) -> NDArray[np.int64]:
        """The rarest class of each image that at least ten images show; 0 where there is none."""
        return rarest_class(self._shows())

    def aligned(self, classes: tuple[str, ...]) -> "InstanceLists":
        """The same things by the indices of `classes`, found by name; raises `ValueError` where one is not there."""
        return self._like(self._images, classes, class_table(self.classes, classes, self._table))

    def lines(self) -> list[str]:
        """Of each image every thing, in an order of their own: its class, corners, flags and a digest of its pixels."""
        return [facts.line for facts in self._facts()]

    def _shows(self) -> NDArray[np.bool_]:
        return classes_shown(self._facts(), len(self.classes), self._table)

    def _facts(self) -> list[ThingFacts]:
        return facts_of(self._images)

    def _like(self, images: "list[_Image]", classes: tuple[str, ...], table: Table | None) -> "InstanceLists":
        found = InstanceLists([], classes)
        found._images, found._table = list(images), table
        return found


_Image = OnDemand[Boxes, ThingFacts]


def _looked_at(boxes: Boxes) -> ThingFacts:
    line = "; ".join(sorted(box_line(boxes, row) for row in range(len(boxes))))
    return ThingFacts(boxes.labels.copy(), int((~(boxes.crowd | boxes.difficult)).sum()), line)
