"""`EvaluatedBoxes`: the true and the predicted boxes of all judged images in one set of arrays."""

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from convsight.metrics.pixels.mask_pairs import MaskPairs
from convsight.results import Boxes

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]


class FlatBoxes(NamedTuple):
    """Boxes of many images, one after the other.

    Shapes: `images` (boxes,) counts the images from 0, the others are those of `Boxes`.
    """

    images: Indices
    labels: Indices
    xyxy: Floats
    scores: Floats
    thresholds: Floats
    crowd: Flags
    difficult: Flags
    areas: Floats

    def __len__(self) -> int:
        return len(self.labels)

    def select(self, chosen: NDArray[Any]) -> "FlatBoxes":
        """The boxes at the positions, or under the mask, `chosen`."""
        return FlatBoxes(*(each[chosen] for each in self))


@final
class EvaluatedBoxes:
    """What is true of the images and what was predicted.

    Predictions lie in the order of image, class and falling score; of equal scores the one given first comes first.
    `ranks` (predictions,) is the place of each among those of its class in its image, from 0. `by_class` (predictions,)
    is the order of class and falling score over all images, in which precision and recall are followed.

    With `masks`, the pairs of masks of each image, how much two things overlap is that of their masks, else of their
    boxes. `places` (predictions,) says where each prediction stood among all that were given.

    >>> two = Boxes.of(("cat", "dog"), (9, 9), [(0, 0, 4, 4), (2, 2, 8, 8)], [1, 1], scores=[0.5, 0.9])
    >>> evaluated = EvaluatedBoxes(("cat", "dog"), [two, two], [two, two])
    >>> evaluated.predictions.scores.tolist(), evaluated.ranks.tolist(), evaluated.by_class.tolist()
    ([0.9, 0.5, 0.9, 0.5], [0, 1, 0, 1], [0, 2, 1, 3])
    """

    def __init__(
        self,
        classes: tuple[str, ...],
        targets: Sequence[Boxes],
        results: Sequence[Boxes],
        masks: Sequence[MaskPairs] | None = None,
    ) -> None:
        self.classes = classes
        self.masks = masks
        self.images = len(targets)
        self.target = _flattened(targets)
        given = _flattened(results)
        falling = _further(np.argsort(-given.scores, kind="stable"), given.labels)
        order = _further(falling, given.images)
        self.predictions = given.select(order)
        self.places = order
        places = np.empty(len(order), np.int64)
        places[order] = np.arange(len(order))
        self.by_class: Indices = places[falling]

    @cached_property
    def ranks(self) -> Indices:
        return ranks_within(self.group(self.predictions))

    def group(self, flat: FlatBoxes) -> Indices:
        """A number for the image and class of each box, ascending in the order of the predictions."""
        return flat.images * len(self.classes) + flat.labels

    def counts(self, flat: FlatBoxes, amounts: NDArray[Any]) -> Floats:
        """The sum of `amounts` (boxes,) in each image of each class: (images, classes)."""
        shape = self.images, len(self.classes)
        return np.asarray(np.bincount(self.group(flat), amounts, math.prod(shape)), np.float64).reshape(shape)


def ranks_within(groups: Indices) -> Indices:
    """The place of each within its group, from 0; those of a group lie together.

    >>> ranks_within(np.array([3, 3, 7])).tolist()
    [0, 1, 0]
    """
    places = np.arange(len(groups))
    begins = np.diff(groups, prepend=-1) != 0
    first: Indices = np.maximum.accumulate(np.where(begins, places, 0))
    return places - first


def _flattened(lists: Sequence[Boxes]) -> FlatBoxes:
    """The boxes of all images in the order given."""
    counts = [len(boxes) for boxes in lists]
    parts = (np.concatenate([getattr(boxes, name) for boxes in lists]) for name in FlatBoxes._fields[1:])
    return FlatBoxes(np.repeat(np.arange(len(lists)), counts), *parts)


def _further(order: Indices, keys: Indices) -> Indices:
    """`order`, sorted by `keys`; those of equal keys stay as they are."""
    # NumPy counts instead of comparing where keys have sixteen bits.
    small = not len(keys) or int(keys.max()) < 2**16
    found: Indices = order[np.argsort(keys[order].astype(np.uint16 if small else np.int64), kind="stable")]
    return found
