"""`OutlinedBoxes`: the things of an image with the pixels in their outlines, filled when they are asked for."""

from collections.abc import Sequence
from dataclasses import dataclass

from convsight.datasets.boxes.outlines import Outline
from convsight.errors import UserError
from convsight.results import Boxes
from convsight.results.masks import Mask, mask_column
from convsight.words import quoted


@dataclass(frozen=True, eq=False)
class OutlinedBoxes:
    """Boxes of the image called `name`, and the outline of each; without one a box has all pixels in it."""

    boxes: Boxes
    outlines: Sequence[Outline | None]
    name: str

    def __call__(self) -> Boxes:
        return self.boxes.with_columns(mask=mask_column(self._mask(row) for row in range(len(self.boxes))))

    def _mask(self, row: int) -> Mask:
        outline, size = self.outlines[row], self.boxes.size
        try:
            return (outline or _around(self.boxes, row)).mask(size)
        except ValueError as error:
            kind = self.boxes.classes[self.boxes.labels[row]]
            raise UserError(f"{self.name}, {quoted(kind)}: {error}; correct the annotation or remove it") from error


def _around(boxes: Boxes, row: int) -> Outline:
    """The outline of a box."""
    return Outline((boxes.xyxy[row][[0, 1, 2, 1, 2, 3, 0, 3]].reshape(4, 2),))
