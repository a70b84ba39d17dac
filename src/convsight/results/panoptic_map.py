"""`PanopticMap`: an image in segments, each a thing or the stuff of a class; one type for targets and prediction."""

import io
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple, final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.results.box_columns import MASK
from convsight.results.boxes import Boxes
from convsight.results.class_map import ClassMap, unknown_index
from convsight.results.masks import Mask, mask_column, masks_of_ids
from convsight.results.panoptic_drawing import draw_panoptic
from convsight.results.pixel_colours import Colour
from convsight.results.result import Difference, InvalidOutputError, Result

Ids = NDArray[np.int32]

_SAME = 0.5  # intersection over union above which two segments are the same: then no other can be
_MOST = 2**24  # segments that three bytes can number
_SHARES = 6  # decimals


class Segment(NamedTuple):
    """A segment: the index of its class, how sure the network is (0..1), and whether it is a crowd of things."""

    label: int
    score: float = 1.0
    crowd: bool = False


@final
@dataclass(frozen=True, eq=False)
class PanopticMap(Result):
    """The segment of every pixel: `ids` int32 (height, width), k for the k-th of `segments` from 1, 0 for none.

    `things` tells of each class whether its segments are single things; all stuff of a class is one segment. No two
    segments overlap. A segment may have no pixel left.

    >>> ids = np.array([[1, 1, 2], [3, 3, 0]], np.int32)
    >>> segments = (Segment(0), Segment(1), Segment(1))
    >>> found = PanopticMap(("sky", "car"), ((0, 0, 0), (9, 9, 9)), (False, True), ids, segments)
    >>> found.summary(), found.unknown
    ('2 car, 33.3% sky', 0.16666666666666663)
    """

    wrong: ClassVar[str] = "have a segment that is predicted wrong"

    classes: tuple[str, ...]
    colours: tuple[Colour, ...]
    things: tuple[bool, ...]
    ids: Ids
    segments: tuple[Segment, ...]

    def __post_init__(self) -> None:
        if self.ids.ndim != 2 or self.ids.dtype != np.int32 or not self.ids.size:
            raise ValueError(f"a panoptic map is int32 (height, width), not {self.ids.dtype} {self.ids.shape}")
        if not len(self.classes) == len(self.colours) == len(self.things):
            raise ValueError(f"{len(self.classes)} classes, {len(self.colours)} colours, {len(self.things)} kinds")
        if int(self.ids.min()) < 0 or int(self.ids.max()) > len(self.segments):
            raise ValueError(f"numbers {self.ids.min()}..{self.ids.max()} of {len(self.segments)} segments")
        for segment in self.segments:
            if not 0 <= segment.label < len(self.classes):
                raise ValueError(f"the class {segment.label} of a segment, where there are {len(self.classes)}")
            if not 0 <= segment.score <= 1:  # NaN fails every comparison
                raise InvalidOutputError("scores must lie in 0..1")

    @property
    def areas(self) -> NDArray[np.int64]:
        """How many pixels each segment has (segments,)."""
        return np.bincount(self.ids.reshape(-1), minlength=len(self.segments) + 1)[1:]

    @property
    def unknown(self) -> float:
        """The share of pixels in no segment."""
        return float((self.ids == 0).mean())

    @property
    def labels(self) -> NDArray[np.int64]:
        """The class of each segment (segments,)."""
        return np.array([segment.label for segment in self.segments], np.int64)

    def at_least(self, confidence: float) -> "PanopticMap":
        """Pixels of segments that are less sure are in none."""
        kept = [row for row, segment in enumerate(self.segments) if segment.score >= confidence]
        return self._only(kept)

    def class_map(self) -> ClassMap:
        """The class of every pixel."""
        unknown = unknown_index(len(self.classes))
        table = np.array([unknown, *self.labels], np.uint8 if unknown < 256 else np.uint16)
        return ClassMap(self.classes, self.colours, table[self.ids], unknown)

    def instances(self) -> Boxes:
        """The things, each with its pixels, by the indices of all classes."""
        masks = [*masks_of_ids(self.ids), *[Mask.of(np.zeros((0, 0), np.bool_))] * len(self.segments)]
        rows = [row for row, each in enumerate(self.segments) if self.things[each.label] and masks[row].area]
        chosen = [self.segments[row] for row in rows]
        return Boxes.of(
            self.classes,
            (self.ids.shape[1], self.ids.shape[0]),
            [masks[row].xyxy for row in rows],
            [each.label for each in chosen],
            scores=[each.score for each in chosen],
            crowd=[each.crowd for each in chosen],
            areas=[masks[row].area for row in rows],
            columns={MASK: mask_column(masks[row] for row in rows)},
        )

    def to_json(self) -> dict[str, Any]:
        height, width = self.ids.shape
        found = []
        for row, (segment, area) in enumerate(zip(self.segments, self.areas.tolist(), strict=True), start=1):
            kind = {"name": self.classes[segment.label], "thing": self.things[segment.label]}
            share = round(area / self.ids.size, _SHARES)
            found.append({"id": row, **kind, "score": segment.score, "area": area, "share": share})
        size = {"width": width, "height": height}
        return {"mask": size, "segments": found, "unknown": round(self.unknown, _SHARES)}

    def to_rows(self) -> list[tuple[str | float, ...]]:
        """A row a segment: its class, score, number and area."""
        return [
            (self.classes[segment.label], segment.score, row, area)
            for row, (segment, area) in enumerate(zip(self.segments, self.areas.tolist(), strict=True), start=1)
        ]

    def summary(self) -> str:
        counts = np.bincount(self.labels[self.areas > 0], minlength=len(self.classes))
        pixels = np.bincount(self.labels, self.areas, minlength=len(self.classes))
        things = [
            f"{counts[k]} {self.classes[k]}" for k in np.argsort(-counts, kind="stable") if counts[k] and self.things[k]
        ]
        stuff = [
            f"{pixels[k] / self.ids.size:.1%} {self.classes[k]}"
            for k in np.argsort(-pixels, kind="stable")
            if pixels[k] and not self.things[k]
        ]
        return ", ".join([*things, *stuff]) or "no segment"

    def difference(self, other: "PanopticMap") -> Difference:
        """The share of pixels that are in the same segment, by a partner of its class that overlaps by more than half.

        Numbers compared are the scores of partners.
        """
        if self.ids.shape != other.ids.shape:
            return Difference(1.0, 0.0, self.ids.size)
        partner = self._partners(other)
        gaps = [abs(self.segments[row].score - other.segments[to].score) for row, to in partner.items()]
        table = np.full(len(self.segments) + 1, -1, np.int64)
        table[0] = 0
        for row, to in partner.items():
            table[row + 1] = to + 1
        return Difference(max(gaps, default=0.0), float((table[self.ids] == other.ids).mean()), self.ids.size)

    def _partners(self, other: "PanopticMap") -> dict[int, int]:
        pairs = self.ids.astype(np.int64) * (len(other.segments) + 1) + other.ids
        codes, shared = np.unique(pairs, return_counts=True)
        found = {}
        areas, others = self.areas, other.areas
        for code, pixels in zip(codes.tolist(), shared.tolist(), strict=True):
            row, to = (each - 1 for each in divmod(code, len(other.segments) + 1))
            if row < 0 or to < 0 or self.segments[row].label != other.segments[to].label:
                continue
            if pixels > _SAME * (areas[row] + others[to] - pixels):
                found[row] = to
        return found

    def files(self) -> dict[str, bytes]:
        """The number of every pixel's segment as COCO's panoptic PNG: red + 256 green + 65,536 blue."""
        written = io.BytesIO()
        Image.fromarray(ids_to_colours(self.ids)).save(written, "PNG")
        return {"panoptic.png": written.getvalue()}

    def draw(self, image: Image.Image) -> Image.Image:
        """`image` under the colours of the segments, things told apart by shades and borders, and a bar of names."""
        return draw_panoptic(image, self)

    def _only(self, kept: list[int]) -> "PanopticMap":
        table = np.zeros(len(self.segments) + 1, np.int32)
        table[[row + 1 for row in kept]] = np.arange(1, len(kept) + 1)
        return replace(self, ids=table[self.ids], segments=tuple(self.segments[row] for row in kept))


def ids_to_colours(ids: NDArray[np.integer[Any]]) -> NDArray[np.uint8]:
    """Numbers (height, width) below 2**24 as colours (height, width, 3): red + 256 green + 65,536 blue.

    >>> ids_to_colours(np.array([[66051]])).tolist()
    [[[3, 2, 1]]]
    """
    if int(ids.max()) >= _MOST:
        raise ValueError(f"the number {ids.max():,} does not fit into three bytes")
    return np.stack([ids & 255, ids >> 8 & 255, ids >> 16 & 255], axis=-1).astype(np.uint8)


def colours_to_ids(colours: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The inverse of `ids_to_colours`."""
    wide = colours.astype(np.int64)
    found: NDArray[np.int64] = wide[..., 0] + (wide[..., 1] << 8) + (wide[..., 2] << 16)
    return found
