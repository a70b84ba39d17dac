"""`PanopticMap`: a segment for every pixel, each with its class; things of one class are segments of their own."""

import io
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.results.boxes import Boxes
from convsight.results.instance_lists import boxes_of_ids
from convsight.results.panoptic_drawing import draw_panoptic
from convsight.results.result import Difference, InvalidOutputError, Result

Indices = NDArray[np.int64]

VOID = 0  # the id of pixels that are of no segment
_BYTE = 256
_LARGEST = _BYTE**3 - 1  # that three bytes hold


class Segment(NamedTuple):
    """One segment: its id, class, how sure the network is (0..1), whether it is a single thing, and its pixels."""

    number: int
    name: str
    score: float
    thing: bool
    area: int


@final
@dataclass(frozen=True, eq=False)
class PanopticMap(Result):
    """Segments of one image: `ids` (height, width) has the id of each pixel's segment, 0 where there is none.

    Shapes: `numbers` (segments,) are the ids, 1 to 2^24 - 1, of which each occurs; `labels` (segments,) class indices;
    `scores` (segments,) 0..1, 1 for targets; `crowd` (segments,) marks regions of many things, known of targets only.
    `things` says of each class whether its things are told apart; a class of others (sky, road) is one segment.

    >>> found = PanopticMap.of(("sky", "car"), (False, True), np.array([[1, 1, 1], [2, 0, 3]]), [1, 2, 3], [0, 1, 1])
    >>> found.summary(), [segment.area for segment in found.segments]
    ('sky, 2 car', [3, 1, 1])
    """

    places: ClassVar[bool] = True

    classes: tuple[str, ...]
    things: tuple[bool, ...]
    ids: NDArray[np.int32]
    numbers: Indices
    labels: Indices
    scores: NDArray[np.float64]
    crowd: NDArray[np.bool_]

    def __post_init__(self) -> None:
        if self.ids.ndim != 2 or self.ids.dtype != np.int32:
            raise ValueError(f"ids are int32 (height, width), not {self.ids.dtype} {self.ids.shape}")
        if len(self.things) != len(self.classes):
            raise ValueError(f"{len(self.classes)} classes need as many of things or not, not {len(self.things)}")
        for name in ("numbers", "labels", "scores", "crowd"):
            if getattr(self, name).shape != (len(self.numbers),):
                raise ValueError(f"{len(self.numbers)} segments but {name} of shape {getattr(self, name).shape}")
        if not bool(((self.scores >= 0) & (self.scores <= 1)).all()):
            raise InvalidOutputError("scores must lie in 0..1")
        if len(self.labels) and not (int(self.labels.min()) >= 0 and int(self.labels.max()) < len(self.classes)):
            raise ValueError(
                f"class indices {self.labels.min()}..{self.labels.max()} outside 0..{len(self.classes) - 1}"
            )
        there = np.unique(self.ids)
        if sorted(self.numbers.tolist()) != there[there != VOID].tolist() or (there < 0).any() or there[-1] > _LARGEST:
            raise ValueError("each id of the map needs one row, and each row an id from 1 to 2^24 - 1 that occurs")

    @classmethod
    def of(
        cls,
        classes: tuple[str, ...],
        things: tuple[bool, ...],
        ids: NDArray[np.integer[Any]],
        numbers: Any,
        labels: Any,
        *,
        scores: Any = None,
        crowd: Any = None,
    ) -> Self:
        """A map from anything that NumPy makes arrays of; what is left out is as for plain targets."""
        count = len(numbers)
        return cls(
            classes=classes,
            things=things,
            ids=ids.astype(np.int32),
            numbers=np.asarray(numbers, np.int64).reshape(count),
            labels=np.asarray(labels, np.int64).reshape(count),
            scores=np.broadcast_to(np.asarray(1.0 if scores is None else scores, np.float64), (count,)),
            crowd=np.broadcast_to(np.asarray(False if crowd is None else crowd, np.bool_), (count,)),
        )

    @property
    def segments(self) -> list[Segment]:
        """The segments one by one, the largest first."""
        areas = np.bincount(self.ids.reshape(-1), minlength=1)
        rows = [
            Segment(number, self.classes[label], score, self.things[label], int(areas[number]))
            for number, label, score in zip(
                self.numbers.tolist(), self.labels.tolist(), self.scores.tolist(), strict=True
            )
        ]
        return sorted(rows, key=lambda segment: -segment.area)

    def to_json(self) -> dict[str, Any]:
        rows = [
            {"id": each.number, "name": each.name, "score": each.score, "thing": each.thing, "area": each.area}
            for each in self.segments
        ]
        return {"segments": rows}

    def summary(self) -> str:
        words = []
        for label, name in enumerate(self.classes):
            count = int((self.labels == label).sum())
            if count:
                words.append(f"{count} {name}" if self.things[label] else name)
        return ", ".join(words) or "nothing found"

    @cached_property
    def rows(self) -> NDArray[np.int32]:
        """Of each pixel (height, width) the row of its segment, from 1; 0 for none."""
        table = np.zeros(int(self.ids.max(initial=0)) + 1, np.int32)
        table[self.numbers] = np.arange(1, len(self.numbers) + 1)
        found: NDArray[np.int32] = table[self.ids]
        return found

    def difference(self, other: "PanopticMap") -> Difference:
        """Each segment needs a partner of its class in the other, with more than half of both in common.

        Numbers compared are the scores of partners.
        """
        rows, columns = len(self.numbers), len(other.numbers)
        if self.ids.shape != other.ids.shape:
            return Difference(1.0, 0.0, max(1, rows + columns))
        places = self.rows.astype(np.int64) * (columns + 1) + other.rows
        shared = np.bincount(places.ravel(), minlength=(rows + 1) * (columns + 1)).reshape(rows + 1, columns + 1)
        together = shared.sum(axis=1)[1:, None] + shared.sum(axis=0)[None, 1:] - shared[1:, 1:]
        same = (2 * shared[1:, 1:] > together) & (self.labels[:, None] == other.labels[None])
        one, two = np.nonzero(same)
        gap = float(np.abs(self.scores[one] - other.scores[two]).max(initial=0.0))
        said = rows + columns
        return Difference(gap, 2 * len(one) / said if said else 1.0, said)

    def class_names(self) -> tuple[str, ...]:
        return tuple(self.classes[index] for index in np.unique(self.labels).tolist())

    def region(self, name: str) -> NDArray[np.bool_]:
        return np.isin(self.ids, self.numbers[self.labels == self.classes.index(name)])

    def at_least(self, confidence: float) -> "PanopticMap":
        """Pixels of segments that are less sure are of none."""
        kept = self.scores >= confidence
        ids = np.where(np.isin(self.ids, self.numbers[kept]), self.ids, VOID)
        parts = (self.numbers[kept], self.labels[kept])
        return PanopticMap.of(self.classes, self.things, ids, *parts, scores=self.scores[kept], crowd=self.crowd[kept])

    def to_rows(self) -> list[tuple[str | float, ...]]:
        """A row a segment, the largest first: its class, score, id and pixels."""
        return [(each.name, each.score, each.number, each.area) for each in self.segments]

    def class_of_pixels(self, unknown: int) -> NDArray[np.integer[Any]]:
        """The class of every pixel (height, width), `unknown` where it is of no segment."""
        table = np.array([unknown, *self.labels], np.uint8 if unknown < _BYTE else np.uint16)
        found: NDArray[Any] = table[self.rows]
        return found

    def instances(self) -> Boxes:
        """The single things, each with its pixels, by the indices of all classes."""
        single = np.array(self.things, np.bool_)[self.labels]
        rows = np.flatnonzero(single)
        order = np.zeros(len(self.numbers) + 1, np.int32)
        order[rows + 1] = np.arange(1, len(rows) + 1)
        ids = order[self.rows]
        return boxes_of_ids(ids, self.labels[rows], self.classes, scores=self.scores[rows], crowd=self.crowd[rows])

    def draw(self, image: Image.Image) -> Image.Image:
        """`image` under the colours of the segments, things told apart by shades and borders, and a bar of names."""
        return draw_panoptic(image, self)

    def files(self) -> dict[str, bytes]:
        """`panoptic.png`, whose colours are the ids as COCO has them: red + 256 green + 65,536 blue."""
        written = io.BytesIO()
        Image.fromarray(ids_to_rgb(self.ids)).save(written, "PNG")
        return {"panoptic.png": written.getvalue()}


def ids_to_rgb(ids: NDArray[np.integer[Any]]) -> NDArray[np.uint8]:
    """Ids (height, width) as colours (height, width, 3).

    >>> ids_to_rgb(np.array([[3226956]])).tolist()
    [[[76, 61, 49]]]
    """
    return np.stack([ids % _BYTE, ids // _BYTE % _BYTE, ids // _BYTE**2], axis=-1).astype(np.uint8)


def rgb_to_ids(colours: NDArray[np.uint8]) -> NDArray[np.int32]:
    """The inverse of `ids_to_rgb`."""
    wide = colours.astype(np.int32)
    found: NDArray[np.int32] = wide[..., 0] + _BYTE * wide[..., 1] + _BYTE**2 * wide[..., 2]
    return found
