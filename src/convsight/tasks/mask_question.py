"""`MaskQuestion`: how sure a network is that some pixels are a thing, or a segment, of their own.

As D-RISE asks about boxes (Petsiuk et al., CVPR 2021), with the overlap of masks in place of that of boxes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from convsight.inputs import InputGeometry, InputSpec
from convsight.results.masks import Mask
from convsight.tasks.asked_thing import Candidates, asked_thing
from convsight.tasks.question import NothingThereError, Question


class MaskedThing(NamedTuple):
    """One thing or segment: its class, how sure the network is, from where on it counts as found, and its pixels."""

    label: int
    score: float
    threshold: float
    mask: Mask


# The things of one picture of `size` (width, height), from a network's arrays without their batch axis, in the order in
# which they are shown.
ThingsOf = Callable[[Mapping[str, NDArray[Any]], tuple[int, int]], Sequence[MaskedThing]]


@final
@dataclass(frozen=True, eq=False)
class MaskQuestion(Question):
    """The largest product of a thing's score and the overlap of its pixels with `mask`, over those of class `label`.

    Things are what the task's reader makes of a network's arrays, on a picture of `size` (width, height). Overlap is
    intersection over union. `region` (rows, columns) has a flag for every pixel that the network sees.
    """

    words: str
    label: int
    mask: Mask
    region: NDArray[np.bool_]
    size: tuple[int, int]
    things: ThingsOf = field(repr=False)
    unit: str = "score"
    of_pixels: bool = True

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of `region`, as fractions of what the network sees."""
        height, width = self.region.shape
        rows, columns = (np.flatnonzero(self.region.any(axis=axis)) for axis in (1, 0))
        if not len(rows):
            return 0.0, 0.0, 1.0, 1.0
        (left, right), (top, bottom) = ((int(each[0]), int(each[-1]) + 1) for each in (columns, rows))
        return left / width, top / height, right / width, bottom / height

    def score(self, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        count = len(next(iter(arrays.values())))
        return np.array([self._of_one({name: values[at] for name, values in arrays.items()}) for at in range(count)])

    def _of_one(self, arrays: Mapping[str, NDArray[Any]]) -> float:
        alike = (thing for thing in self.things(arrays, self.size) if thing.label == self.label)
        return max((thing.score * overlap(thing.mask, self.mask) for thing in alike), default=0.0)


def mask_question(
    things: ThingsOf,
    arrays: Mapping[str, NDArray[Any]],
    spec: InputSpec,
    size: tuple[int, ...],
    classes: Sequence[str],
    wanted: str | None,
    usual: Callable[[Sequence[MaskedThing]], str | None] = lambda there: None,
    *,
    of_pixels: bool = True,
) -> MaskQuestion:
    """The question about the thing that `wanted` names, see `asked_thing`, in an original of `size` (width, height).

    Answers to varied pictures are read at the size of what the network sees where the original is larger. `usual` says
    what is meant where nothing is wanted, if not the surest; `of_pixels` whether every pixel is answered.
    """
    whole = things(arrays, (size[0], size[1]))
    labels = np.array([thing.label for thing in whole], np.int64)
    scores, thresholds = (np.array([thing[part] for thing in whole], np.float64) for part in (1, 2))
    asked = asked_thing(Candidates(classes, labels, scores, thresholds), usual(whole) if wanted is None else wanted)
    thing = whole[asked.place]
    if not thing.mask.area:
        raise NothingThereError(
            f"{asked.words} has no pixel of its own here, so nothing can be asked about it; name another"
        )
    read_at = _read_at(spec.geometry(size))
    mask = thing.mask
    if read_at != size:
        # The same thing as it is read there, so that the picture as it is scores what was told of the thing.
        mask = mask.on((size[0], size[1]), read_at)
        alike = [each.mask for each in things(arrays, read_at) if each.label == thing.label]
        mask = max(alike, key=lambda other: overlap(other, mask), default=mask)
    region = spec.geometry(size).mask(thing.mask.full((size[0], size[1])))
    return MaskQuestion(asked.words, thing.label, mask, region, read_at, things, of_pixels=of_pixels)


def overlap(one: Mask, other: Mask) -> float:
    """Intersection over union of the pixels of two masks of one picture, 0..1.

    >>> overlap(Mask.of(np.array([[True, True]])), Mask.of(np.array([[False, True]])))
    0.5
    """
    shared = one.shared(other)
    together = one.area + other.area - shared
    return shared / together if together else 0.0


def _read_at(geometry: InputGeometry) -> tuple[int, int]:
    """The original's size, or in its proportions one of about as many pixels a side as the network sees of it."""
    scale = min(1.0, max(side / own for side, own in zip(geometry.sides, geometry.size, strict=True)))
    width, height = (max(1, round(side * scale)) for side in geometry.size)
    return width, height
