"""`PanopticMap`: a segment for every pixel, each with its class; things of one class are segments of their own."""

import io
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.results.masks import Mask, masks_of_ids
from convsight.results.mistakes import Mistake
from convsight.results.panoptic_drawing import draw_panoptic, draw_panoptic_mistakes
from convsight.results.panoptic_matches import matched_segments, panoptic_mistakes
from convsight.results.pixel_colours import Colour, usual_colours
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
    `colours` are red, green and blue of each class.

    >>> found = PanopticMap.of(("sky", "car"), (False, True), np.array([[1, 1, 1], [2, 0, 3]]), [1, 2, 3], [0, 1, 1])
    >>> found.summary(), [segment.area for segment in found.segments]
    ('sky, 2 car', [3, 1, 1])
    """

    classes: tuple[str, ...]
    things: tuple[bool, ...]
    ids: NDArray[np.int32]
    numbers: Indices
    labels: Indices
    scores: NDArray[np.float64]
    crowd: NDArray[np.bool_]
    colours: tuple[Colour, ...]

    wrong: ClassVar[str] = "have segments that are wrong or missed"

    def __post_init__(self) -> None:
        if self.ids.ndim != 2 or self.ids.dtype != np.int32:
            raise ValueError(f"ids are int32 (height, width), not {self.ids.dtype} {self.ids.shape}")
        if len(self.things) != len(self.classes):
            raise ValueError(f"{len(self.classes)} classes need as many of things or not, not {len(self.things)}")
        if len(self.colours) != len(self.classes):
            raise ValueError(f"{len(self.classes)} classes need as many colours, not {len(self.colours)}")
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
        colours: tuple[Colour, ...] | None = None,
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
            colours=colours or usual_colours(classes),
        )

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in px."""
        return self.ids.shape[1], self.ids.shape[0]

    @cached_property
    def rows(self) -> NDArray[np.int32]:
        """Of each pixel (height, width) the row of its segment, from 1; 0 for none."""
        table = np.zeros(int(self.ids.max(initial=0)) + 1, np.int32)
        table[self.numbers] = np.arange(1, len(self) + 1)
        found: NDArray[np.int32] = table[self.ids]
        return found

    @cached_property
    def areas(self) -> Indices:
        """How many pixels each segment has (segments,)."""
        return np.bincount(self.rows.ravel(), minlength=len(self) + 1)[1:]

    @property
    def is_thing(self) -> NDArray[np.bool_]:
        """Which segments are single things (segments,)."""
        return np.array(self.things, np.bool_)[self.labels]

    @property
    def masks(self) -> list[Mask]:
        """The pixels of each segment."""
        return masks_of_ids(self.rows, len(self))

    @property
    def indices(self) -> Indices:
        """The class of every pixel (height, width), -1 for none."""
        found: Indices = np.append(-1, self.labels)[self.rows]
        return found

    def select(self, chosen: Indices) -> "PanopticMap":
        """The segments at the positions `chosen`, in that order; the pixels of others are of none."""
        kept = np.zeros(len(self) + 1, np.bool_)
        kept[chosen + 1] = True
        parts = {name: getattr(self, name)[chosen] for name in ("numbers", "labels", "scores", "crowd")}
        return replace(self, ids=np.where(kept[self.rows], self.ids, VOID).astype(np.int32), **parts)

    def on(self, size: tuple[int, int]) -> "PanopticMap":
        """The same map of an image of `size` (width, height): nearest pixels; segments too small for one are gone."""
        across, down = (
            ((np.arange(after) + 0.5) * before / after).astype(np.int64)
            for after, before in zip(size, self.size, strict=True)
        )
        ids = self.ids[down[:, None], across[None]]
        kept = np.flatnonzero(np.isin(self.numbers, ids))
        parts = {name: getattr(self, name)[kept] for name in ("numbers", "labels", "scores", "crowd")}
        return replace(self, ids=ids, **parts)

    def at_least(self, confidence: float) -> "PanopticMap":
        return self.select(np.flatnonzero(self.scores >= confidence))

    @property
    def segments(self) -> list[Segment]:
        """The segments one by one, the largest first."""
        columns = (self.numbers, self.labels, self.scores, self.areas)
        rows = [
            Segment(number, self.classes[label], score, self.things[label], area)
            for number, label, score, area in zip(*(each.tolist() for each in columns), strict=True)
        ]
        return sorted(rows, key=lambda segment: -segment.area)

    def to_json(self) -> dict[str, Any]:
        rows = [
            {"id": each.number, "name": each.name, "score": each.score, "thing": each.thing, "area": each.area}
            for each in self.segments
        ]
        return {"segments": rows}

    def to_rows(self) -> list[tuple[str | float, ...]]:
        """The segments, the largest first: class, whether it is a thing, score, and share of the image's pixels."""
        return [
            (each.name, "thing" if each.thing else "stuff", each.score, each.area / self.ids.size)
            for each in self.segments
        ]

    def summary(self) -> str:
        words = []
        for label, name in enumerate(self.classes):
            count = int((self.labels == label).sum())
            if count:
                words.append(f"{count} {name}" if self.things[label] else name)
        return ", ".join(words) or "nothing found"

    def difference(self, other: "PanopticMap") -> Difference:
        """Each segment needs a partner of its class in the other, with more than half of both in common.

        Numbers compared are the scores of partners.
        """
        said = len(self) + len(other)
        partners = matched_segments(self, other)
        paired = partners >= 0
        gap = float(np.abs(self.scores[paired] - other.scores[partners[paired]]).max(initial=0.0))
        return Difference(gap, 2 * int(paired.sum()) / said if said else 1.0, said)

    def files(self) -> dict[str, bytes]:
        """`panoptic.png`, whose colours are the ids as COCO has them: red + 256 green + 65,536 blue."""
        written = io.BytesIO()
        Image.fromarray(ids_to_rgb(self.ids)).save(written, "PNG")
        return {"panoptic.png": written.getvalue()}

    def draw(self, image: Image.Image) -> Image.Image:
        """The image under its segments, each thing in a colour of its own, and a bar that names the classes."""
        return draw_panoptic(image, self)

    def mistakes(self, target: "PanopticMap") -> list[Mistake]:
        return panoptic_mistakes(self, target)

    def draw_mistakes(self, image: Image.Image, target: "PanopticMap") -> Image.Image:
        """The image under what was predicted, and beside it under what is true."""
        return draw_panoptic_mistakes(image, self, target)


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
