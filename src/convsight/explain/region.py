"""`Region`: a rectangle of what a network sees, and those that a map of a class points at."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

_RING = 2  # px around a region whose mean colour covers it
# Of a map's largest value: from there on a place belongs to a region. What is bright may be less than the whole mark.
_LEVELS = (0.5, 0.25)


@final
@dataclass(frozen=True)
class Region:
    """Pixels `top` to `top + height` and `left` to `left + width` of what the network sees."""

    left: int
    top: int
    width: int
    height: int

    @property
    def part(self) -> tuple[slice, slice]:
        """The rows and columns of an array (height, width, ...)."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)

    def overlaps(self, other: "Region") -> bool:
        """Whether the two share a pixel."""
        beside = self.left + self.width <= other.left or other.left + other.width <= self.left
        return not (beside or self.top + self.height <= other.top or other.top + other.height <= self.top)

    def covered(self, array: NDArray[Any]) -> NDArray[Any]:
        """A copy of a picture (height, width, channels) whose region has the mean colour of what lies around it."""
        rows, columns = self.part
        around = np.zeros(array.shape[:2], bool)
        around[max(0, rows.start - _RING) : rows.stop + _RING, max(0, columns.start - _RING) : columns.stop + _RING] = 1
        around[rows, columns] = False
        colour = array[around].mean(axis=0) if around.any() else array.mean(axis=(0, 1))
        found = array.copy()
        found[rows, columns] = np.rint(colour) if array.dtype.kind == "u" else colour
        return found

    def pasted(self, onto: NDArray[Any], source: NDArray[Any]) -> NDArray[Any]:
        """A copy of the picture `onto` with what `source` shows in the region."""
        found = onto.copy()
        found[self.part] = source[self.part]
        return found

    def words(self, sides: tuple[int, int]) -> str:
        """Its size, and where it lies in a picture of these `sides` (height, width).

        >>> Region(2, 0, 8, 6).words((48, 48)), Region(20, 20, 8, 8).words((48, 48))
        ('8 x 6 px at the top left', '8 x 8 px in the middle')
        """
        height, width = sides
        down = _third((self.top + self.height / 2) / height, ("top", "", "bottom"))
        across = _third((self.left + self.width / 2) / width, ("left", "", "right"))
        place = " ".join(filter(None, (down, across)))
        return f"{self.width} x {self.height} px {f'at the {place}' if place else 'in the middle'}"


def candidate_regions(
    mean: NDArray[np.float64], sides: tuple[int, int], largest: float = 0.15, most: int = 2
) -> list[Region]:
    """Where a map (rows, columns) over a picture of these `sides` (height, width) is at least half its largest value.

    Rectangles around what hangs together there, those with most of the map's mass first, at most so many; then the
    same of a quarter. None takes a larger share of the picture than `largest`, since that is no part of it any more.

    >>> map = np.zeros((8, 8))
    >>> map[0, :2] = 1.0, 0.3
    >>> candidate_regions(map, (48, 48))
    [Region(left=0, top=0, width=6, height=6), Region(left=0, top=0, width=12, height=6)]
    """
    positive = np.maximum(mean, 0)
    if not positive.max(initial=0.0) > 0:
        return []
    found: list[Region] = []
    for level in _LEVELS:
        regions = _regions(positive, level * positive.max(), sides)
        small = [each for each in regions if each.width * each.height <= largest * sides[0] * sides[1]]
        found += [each for each in small[:most] if each not in found]
    return found


def _regions(values: NDArray[np.float64], least: float, sides: tuple[int, int]) -> list[Region]:
    """Rectangles in pixels around the cells of at least that value which hang together, the heaviest first."""
    down, across = sides[0] / values.shape[0], sides[1] / values.shape[1]
    labels, _ = ndimage.label(values >= least)
    found = []
    for number, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1):
        top, left = int(rows.start * down), int(columns.start * across)
        bottom, right = int(np.ceil(rows.stop * down)), int(np.ceil(columns.stop * across))
        mass = float(values[labels == number].sum())
        found.append((-mass, number, Region(left, top, right - left, bottom - top)))
    return [region for *_, region in sorted(found, key=lambda each: each[:2])]


def elsewhere(region: Region, sides: tuple[int, int], most: int = 8) -> list[Region]:
    """Regions of the same size spread over a picture of these `sides`, none of which shares a pixel with `region`.

    >>> [(each.left, each.top) for each in elsewhere(Region(0, 0, 4, 4), (8, 8))]
    [(4, 0), (0, 4), (4, 4)]
    """
    height, width = sides
    rows, columns = _starts(height, region.height), _starts(width, region.width)
    places = [Region(left, top, region.width, region.height) for top in rows for left in columns]
    free = [place for place in places if not place.overlaps(region)]
    return [free[index] for index in np.linspace(0, len(free) - 1, min(most, len(free))).astype(int)]


def _starts(side: int, part: int) -> list[int]:
    """Where parts of a side begin that lie beside one another, from its beginning to its end."""
    count = max(1, min(4, side // part))
    return sorted({int(start) for start in np.linspace(0, side - part, count)})


def _third(share: float, names: tuple[str, str, str]) -> str:
    return names[min(2, int(3 * share))]
