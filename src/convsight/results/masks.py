"""`Mask`: the pixels of one thing, kept as the flags of the rectangle around it.

A picture of 1,000 x 1,000 px with 300 cells has 300 MB of masks, and less than 1 MB of such rectangles.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from convsight.results.run_lengths import coco_mask

Flags = NDArray[np.bool_]


@final
@dataclass(frozen=True, eq=False)
class Mask:
    """One thing's pixels in an image: `pixels` (height, width) begin at `left` and `top`, whole px of that image.

    >>> mask = Mask.of(np.array([[0, 0, 0], [0, 1, 1]], bool))
    >>> mask.left, mask.top, mask.pixels.tolist(), mask.area
    (1, 1, [[True, True]], 2)
    """

    left: int
    top: int
    pixels: Flags = field(repr=False)

    def __post_init__(self) -> None:
        if self.left < 0 or self.top < 0 or self.pixels.ndim != 2 or self.pixels.dtype != np.bool_:
            raise ValueError(
                f"a mask needs flags (height, width) at a place in the image, not {self.pixels.dtype} of shape "
                f"{self.pixels.shape} at {self.left}, {self.top}"
            )

    @classmethod
    def of(cls, flags: NDArray[Any], left: int = 0, top: int = 0) -> Self:
        """The mask of `flags` (height, width), which begin at `left` and `top`, cut to those that are set."""
        rows, columns = (np.flatnonzero(flags.any(axis=axis)) for axis in (1, 0))
        if not len(rows):
            return cls(left, top, np.zeros((0, 0), np.bool_))
        cut = flags[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        return cls(left + int(columns[0]), top + int(rows[0]), cut.astype(np.bool_))

    @property
    def right(self) -> int:
        """The first column after it."""
        return self.left + int(self.pixels.shape[1])

    @property
    def bottom(self) -> int:
        """The first row below it."""
        return self.top + int(self.pixels.shape[0])

    @property
    def xyxy(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom in px."""
        return self.left, self.top, self.right, self.bottom

    @property
    def area(self) -> int:
        """How many pixels it has."""
        return int(np.count_nonzero(self.pixels))

    @property
    def place(self) -> tuple[slice, slice]:
        """Rows and columns of an image that `pixels` are of."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def full(self, size: tuple[int, int]) -> Flags:
        """A flag for every pixel of an image of `size` (width, height): (height, width)."""
        found: Flags = full_masks([self], size)[0]
        return found

    def on(self, before: tuple[int, int], after: tuple[int, int]) -> "Mask":
        """The same share of an image of the size `after` (width, height) instead of `before`: nearest pixels."""
        across, left = _cells(before[0], after[0], self.left, self.right)
        down, top = _cells(before[1], after[1], self.top, self.bottom)
        return Mask(left, top, self.pixels[down[:, None], across[None]])

    def shared(self, other: "Mask") -> int:
        """How many pixels both have."""
        left, top = max(self.left, other.left), max(self.top, other.top)
        right, bottom = min(self.right, other.right), min(self.bottom, other.bottom)
        if right <= left or bottom <= top:
            return 0
        one, two = (
            each.pixels[top - each.top : bottom - each.top, left - each.left : right - each.left]
            for each in (self, other)
        )
        return int(np.count_nonzero(one & two))

    def to_coco(self, size: tuple[int, int]) -> dict[str, Any]:
        """The run lengths of COCO's files in an image of `size` (width, height)."""
        return coco_mask(self.pixels, self.left, self.top, size)


def _cells(before: int, after: int, begin: int, end: int) -> tuple[NDArray[np.int64], int]:
    """Which cells from `begin` to `end` of a side of `before` px are nearest to those of one of `after`, from 0.

    The second number is the first cell there that one of them is nearest to.
    """
    nearest = ((np.arange(after) + 0.5) * before / after).astype(np.int64)
    first, last = np.searchsorted(nearest, [begin, end])
    return nearest[first:last] - begin, int(first)


def mask_column(masks: Iterable[Mask]) -> NDArray[Any]:
    """The column `mask` of boxes: an array (masks,) of `Mask`."""
    given = list(masks)
    found = np.empty(len(given), object)
    found[:] = given
    return found


def masks_of(column: NDArray[Any], size: tuple[int, int]) -> list[Mask]:
    """The masks of a column `mask`: of an array of `Mask`, or of grids (boxes, rows, columns) over an image of `size`.

    >>> [mask.xyxy for mask in masks_of(np.array([[[True, False]]]), (4, 3))]
    [(0, 0, 2, 3)]
    """
    if column.dtype == object:
        return list(column)
    rows, columns = column.shape[1:]
    pieces = [Mask.of(grid) for grid in column]
    return [piece.on((columns, rows), size) for piece in pieces]


def full_masks(masks: Sequence[Mask], size: tuple[int, int]) -> Flags:
    """A flag for every pixel of an image of `size` (width, height) for each mask: (masks, height, width)."""
    found = np.zeros((len(masks), *size[::-1]), np.bool_)
    for whole, mask in zip(found, masks, strict=True):
        whole[mask.place] = mask.pixels
    return found


def masks_of_ids(ids: NDArray[np.integer[Any]], count: int = 0) -> list[Mask]:
    """The masks of a map (height, width) in which thing k has the number k, from 1; those that do not occur are empty.

    There are as many as the largest number says, or `count`, where things beyond it do not occur.

    >>> [mask.xyxy for mask in masks_of_ids(np.array([[1, 1, 0], [0, 2, 2]]))]
    [(0, 0, 2, 1), (1, 1, 3, 2)]
    """
    from scipy.ndimage import find_objects  # noqa: PLC0415 -- its import takes a while

    found = []
    for number, place in enumerate(find_objects(ids, count), start=1):
        if place is None:
            found.append(Mask(0, 0, np.zeros((0, 0), np.bool_)))
        else:
            rows, columns = place
            found.append(Mask(columns.start, rows.start, ids[place] == number))
    return found


def ids_of_masks(masks: Sequence[Mask], size: tuple[int, int]) -> NDArray[np.int32]:
    """A map (height, width) of an image of `size` (width, height) in which the k-th mask has k, from 1.

    Where masks overlap, the pixel is of the first one.
    """
    found = np.zeros(size[::-1], np.int32)
    for number, mask in reversed(list(enumerate(masks, start=1))):
        found[mask.place][mask.pixels] = number
    return found


def mask_overlaps(
    one: Sequence[Mask], other: Sequence[Mask], crowd: NDArray[np.bool_] | None = None
) -> NDArray[np.float64]:
    """Intersection over union of each of `one` with each of `other`: (n, m); 1 of two masks that are both empty.

    Where `other` is a `crowd` (m,), the intersection counts over the area of `one` alone, as COCO has it.

    >>> square, half = Mask(0, 0, np.ones((2, 2), bool)), Mask(0, 0, np.ones((1, 2), bool))
    >>> mask_overlaps([square], [square, half]).tolist()
    [[1.0, 0.5]]
    """
    areas, others = (np.array([mask.area for mask in masks], np.float64) for masks in (one, other))
    shared = _shared(one, other)
    whole = areas[:, None] + others[None] - shared
    if crowd is not None:
        whole = np.where(crowd[None], areas[:, None], whole)
    found: NDArray[np.float64] = np.divide(shared, whole, out=np.ones_like(shared), where=whole > 0)
    return found


def _shared(one: Sequence[Mask], other: Sequence[Mask]) -> NDArray[np.float64]:
    """How many pixels each of `one` has in common with each of `other`; only those are compared whose frames meet."""
    found = np.zeros((len(one), len(other)))
    if not found.size:
        return found
    frames, others = (np.array([mask.xyxy for mask in masks]) for masks in (one, other))
    corners = np.minimum(frames[:, None, 2:], others[None, :, 2:]) - np.maximum(
        frames[:, None, :2], others[None, :, :2]
    )
    for row, column in np.argwhere((corners > 0).all(axis=2)).tolist():
        found[row, column] = one[row].shared(other[column])
    return found
