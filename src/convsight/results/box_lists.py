"""`BoxLists`: what is true of every image of a split, boxes of all of them in one set of arrays."""

from collections.abc import Sequence
from typing import Any, ClassVar, final, overload

import numpy as np
from numpy.typing import NDArray

from convsight.results.box_columns import digest
from convsight.results.boxes import Boxes
from convsight.results.mask_source import MaskSource, read_mask
from convsight.results.strata import rarest_class
from convsight.results.thing_facts import class_table


@final
class BoxLists(Sequence[Boxes]):
    """The true boxes of many images; an image may have none.

    `pixels`, where the data tell that, are for each image a mask (height, width) of which box is seen where: the number
    of its row, from 1, and 0 where there is none. Fingerprints of data do not ask for them.

    >>> one = Boxes.of(("cat", "dog"), (9, 9), [(0, 0, 4, 4), (2, 2, 8, 8)], [0, 1])
    >>> lists = BoxLists([one, Boxes.of(("cat", "dog"), (9, 9), [], [])], ("cat", "dog"))
    >>> len(lists), len(lists[0]), lists[1].summary(), lists.counts()
    (2, 2, 'nothing found', {'cat': 1, 'dog': 1})
    """

    fewest_classes: ClassVar[int] = 1

    def __init__(
        self, lists: Sequence[Boxes], classes: tuple[str, ...], pixels: Sequence[MaskSource] | None = None
    ) -> None:
        for boxes in lists:
            if boxes.classes != classes:
                raise ValueError(f"boxes of the classes {boxes.classes} among those of {classes}")
        if pixels is not None and len(pixels) != len(lists):
            raise ValueError(f"the pixels of {len(pixels)} images for the boxes of {len(lists)}")
        self._lists = list(lists)
        self._pixels = None if pixels is None else list(pixels)
        self.classes = classes

    def __len__(self) -> int:
        return len(self._lists)

    @overload
    def __getitem__(self, index: int) -> Boxes: ...
    @overload
    def __getitem__(self, index: slice) -> "BoxLists": ...
    def __getitem__(self, index: int | slice) -> "Boxes | BoxLists":
        if isinstance(index, slice):
            return BoxLists(self._lists[index], self.classes, None if self._pixels is None else self._pixels[index])
        return self._lists[index]

    @property
    def knows_pixels(self) -> bool:
        """Whether it is known which pixels things have."""
        return self._pixels is not None

    def box_of_pixels(self, index: int) -> NDArray[np.integer[Any]]:
        """Of an image (height, width) the row, from 1, of the box that is seen at each pixel; 0 for none.

        Raises `ValueError` where that is not known.
        """
        if self._pixels is None:
            raise ValueError("which pixels things have is not known")
        return read_mask(self._pixels[index])

    def class_of_pixels(self, index: int) -> NDArray[np.integer[Any]]:
        """Of an image (height, width) the class, from 1, of the box that is seen at each pixel; 0 for none."""
        kind = np.uint8 if len(self.classes) < 255 else np.uint16
        table = np.append(0, self._lists[index].labels + 1).astype(kind)
        found: NDArray[np.integer[Any]] = table[self.box_of_pixels(index)]
        return found

    def select(self, positions: NDArray[np.integer[Any]]) -> "BoxLists":
        """The lists at `positions`, in that order."""
        chosen = positions.tolist()
        pixels = None if self._pixels is None else [self._pixels[position] for position in chosen]
        return BoxLists([self._lists[position] for position in chosen], self.classes, pixels)

    def counts(self) -> dict[str, int]:
        """How many images show each class."""
        return dict(zip(self.classes, self._shows().sum(axis=0).tolist(), strict=True))

    def to_find(self) -> int:
        """How many boxes predictions are judged by: all but crowds and difficult ones."""
        return sum(int((~(boxes.crowd | boxes.difficult)).sum()) for boxes in self._lists)

    def strata(self) -> NDArray[np.int64]:
        """The rarest class of each image that at least ten images show; 0 where there is none."""
        return rarest_class(self._shows())

    def aligned(self, classes: tuple[str, ...]) -> "BoxLists":
        """The same boxes by the indices of `classes`, found by name; raises `ValueError` where one is not there."""
        table = class_table(self.classes, classes)
        return BoxLists([boxes.relabelled(classes, table) for boxes in self._lists], classes, self._pixels)

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
