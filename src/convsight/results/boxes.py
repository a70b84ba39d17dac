"""`Boxes`: which things an image shows and where, as rectangles; one type for targets and prediction."""

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.extras import extra
from convsight.results.box_columns import (
    MASK,
    TRACK,
    Columns,
    check_columns,
    largest_gap,
    on_size,
    overlaps_by_mask,
    plain_values,
    row_values,
)
from convsight.results.box_mistakes import box_mistakes
from convsight.results.drawing import draw_boxes
from convsight.results.mask_drawing import draw_masks, ids_png
from convsight.results.masks import Mask, full_masks, masks_of
from convsight.results.mistake_drawing import draw_box_mistakes
from convsight.results.mistakes import Mistake
from convsight.results.overlaps import matched, overlaps
from convsight.results.result import Difference, InvalidOutputError, Result

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]

_MOST_WORDS = 40  # boxes of which words are drawn where there are masks as well
_SAME_PLACE = 0.5  # intersection over union from which two boxes speak of the same thing


class Box(NamedTuple):
    """One thing: its class, how sure the network is (0..1), and left, top, right, bottom in pixels."""

    name: str
    score: float
    xyxy: tuple[float, float, float, float]


@final
@dataclass(frozen=True, eq=False)
class Boxes(Result):
    """Boxes of one image of `size` (width, height), in its own pixels; there may be none.

    Shapes: `xyxy` (boxes, 4) holds left, top, right, bottom; `labels` (boxes,) class indices; `scores` (boxes,) 0..1,
    1 for targets. `thresholds` (boxes,) is the score from which each counts as found: those below it are judged, and
    neither reported nor drawn. The rest is known of targets only: `crowd` marks a region of many things, `difficult`
    one that nobody need find (Pascal VOC), `areas` (boxes,) the things' own pixels where an outline is known, else the
    box's. `columns` are arrays by name, first axis the boxes, of what else is known of each: see `results.box_columns`.

    >>> boxes = Boxes.of(("cat", "dog"), (100, 80), [(0, 0, 10, 10), (20, 20, 60, 50)], [0, 1], scores=[0.4, 0.9])
    >>> boxes.at_least(0.5).summary()
    '1 dog'
    >>> boxes.at_least(0.5).to_json()
    {'boxes': [{'name': 'dog', 'score': 0.9, 'xyxy': [20.0, 20.0, 60.0, 50.0]}]}
    >>> boxes.with_columns(track=np.array([7, 8])).at_least(0.5).to_rows()
    [('dog', 0.9, 20.0, 20.0, 60.0, 50.0, 8)]
    """

    places: ClassVar[bool] = True

    classes: tuple[str, ...]
    size: tuple[int, int]
    xyxy: Floats
    labels: Indices
    scores: Floats
    thresholds: Floats
    crowd: Flags
    difficult: Flags
    areas: Floats
    columns: Columns = field(default_factory=dict)

    def __post_init__(self) -> None:
        count = len(self.xyxy)
        if self.xyxy.shape != (count, 4):
            raise ValueError(f"boxes need four numbers each, not an array of shape {self.xyxy.shape}")
        for name in ("labels", "scores", "thresholds", "crowd", "difficult", "areas"):
            if getattr(self, name).shape != (count,):
                raise ValueError(f"{count} boxes but {name} of shape {getattr(self, name).shape}")
        check_columns(self.columns, count)
        # NaN fails every comparison, so a network that returns NaN never becomes a prediction.
        if not bool((self.xyxy[:, 2:] >= self.xyxy[:, :2]).all()):
            raise InvalidOutputError("boxes must have left <= right and top <= bottom, all of them numbers")
        if not bool(((self.scores >= 0) & (self.scores <= 1)).all()):
            raise InvalidOutputError("scores must lie in 0..1")
        if count and not (int(self.labels.min()) >= 0 and int(self.labels.max()) < len(self.classes)):
            raise ValueError(
                f"class indices {self.labels.min()}..{self.labels.max()} outside 0..{len(self.classes) - 1}"
            )

    @classmethod
    def of(
        cls,
        classes: tuple[str, ...],
        size: tuple[int, int],
        xyxy: Any,
        labels: Any,
        *,
        scores: Any = None,
        thresholds: Any = None,
        crowd: Any = None,
        difficult: Any = None,
        areas: Any = None,
        columns: Any = None,
    ) -> Self:
        """Boxes from anything that NumPy makes arrays of; what is left out is as for plain targets."""
        corners = np.asarray(xyxy, np.float64).reshape(-1, 4)
        count = len(corners)

        def given(values: Any, default: Any, kind: Any) -> NDArray[Any]:
            return np.broadcast_to(np.asarray(default if values is None else values, kind), (count,))

        return cls(
            classes=classes,
            size=size,
            xyxy=corners,
            labels=given(labels, 0, np.int64),
            scores=given(scores, 1.0, np.float64),
            thresholds=given(thresholds, 0.0, np.float64),
            crowd=given(crowd, False, np.bool_),
            difficult=given(difficult, False, np.bool_),
            areas=given(areas, area(corners), np.float64),
            columns={name: np.asarray(values) for name, values in (columns or {}).items()},
        )

    def __len__(self) -> int:
        return len(self.xyxy)

    def select(self, chosen: Indices | Flags) -> "Boxes":
        """The boxes at the positions, or under the mask, `chosen`."""
        parts = ("xyxy", "labels", "scores", "thresholds", "crowd", "difficult", "areas")
        columns = {name: values[chosen] for name, values in self.columns.items()}
        return replace(self, **{name: getattr(self, name)[chosen] for name in parts}, columns=columns)

    def with_columns(self, **columns: NDArray[Any]) -> "Boxes":
        """The same boxes with these columns, in place of those of the same names; shapes: (boxes, ...)."""
        return replace(self, columns={**self.columns, **columns})

    def relabelled(self, classes: tuple[str, ...], indices: Indices) -> "Boxes":
        """The same boxes where class i is now called by `indices[i]` of `classes`."""
        return replace(self, classes=classes, labels=indices[self.labels])

    def on(self, size: tuple[int, int]) -> "Boxes":
        """The same shares of an image of `size` (width, height), their keypoints with them; masks keep their grid."""
        factors = np.array([*size, *size]) / np.array([*self.size, *self.size])
        xyxy = self.xyxy * factors
        return replace(self, size=size, xyxy=xyxy, areas=area(xyxy), columns=on_size(self.columns, self.size, size))

    @property
    def found(self) -> "Boxes":
        """Those that are sure enough, surest first."""
        kept = np.flatnonzero(self.scores >= self.thresholds)
        return self.select(kept[np.argsort(-self.scores[kept], kind="stable")])

    def each(self) -> list[Box]:
        """The boxes that are sure enough, one by one, surest first."""
        return self.found._rows()

    def _rows(self) -> list[Box]:
        rows = zip(self.labels.tolist(), self.scores.tolist(), self.xyxy.tolist(), strict=True)
        return [
            Box(self.classes[label], score, (left, top, right, bottom))
            for label, score, (left, top, right, bottom) in rows
        ]

    def class_names(self) -> tuple[str, ...]:
        there = set(self.found.labels.tolist())
        return tuple(name for index, name in enumerate(self.classes) if index in there)

    def region(self, name: str) -> NDArray[np.bool_]:
        """Of boxes with masks the pixels of these, else all that is inside a box."""
        width, height = self.size
        chosen = self.found.select(self.found.labels == self.classes.index(name))
        covered = np.zeros((height, width), bool)
        if MASK in self.columns:
            for mask in chosen.masks:
                covered |= mask.full(self.size)
            return covered
        for left, top, right, bottom in np.rint(chosen.xyxy).astype(int).clip(0).tolist():
            covered[top:bottom, left:right] = True
        return covered

    def at_least(self, confidence: float) -> "Boxes":
        return replace(self, thresholds=np.full(len(self), confidence))

    def to_json(self) -> dict[str, Any]:
        found = self.found
        boxes = [{"name": box.name, "score": box.score, "xyxy": list(box.xyxy)} for box in found._rows()]
        if found.columns:
            boxes = [
                box | more for box, more in zip(boxes, plain_values(found.columns, len(found), self.size), strict=True)
            ]
        return {"boxes": boxes}

    def to_rows(self) -> list[tuple[str | float, ...]]:
        found = self.found
        rows: list[tuple[str | float, ...]] = [(box.name, box.score, *box.xyxy) for box in found._rows()]
        if found.columns:
            rows = [
                (*row, *more) for row, more in zip(rows, row_values(found.columns, len(found), self.size), strict=True)
            ]
        return rows

    def to_supervision(self) -> Any:
        found = self.found
        names = np.array([self.classes[label] for label in found.labels], dtype=str)
        columns = dict(found.columns)
        mask, track = columns.pop(MASK, None), columns.pop(TRACK, None)
        return extra("supervision", "supervision").Detections(
            xyxy=found.xyxy.astype(np.float32),
            mask=None if mask is None else full_masks(masks_of(mask, self.size), self.size),
            confidence=found.scores.astype(np.float32),
            class_id=found.labels.astype(int),
            tracker_id=track,
            data={"class_name": names, **columns},
        )

    def summary(self) -> str:
        counts = np.bincount(self.found.labels, minlength=len(self.classes))
        words = [
            f"{counts[index]} {self.classes[index]}" for index in np.argsort(-counts, kind="stable") if counts[index]
        ]
        return ", ".join(words) or "nothing found"

    def difference(self, other: "Boxes") -> Difference:
        """Boxes that are sure enough in either need a partner of their own in the other, of their class and place.

        Numbers compared are the scores of partners, their sides as shares of the image's, and their columns. Where
        neither has any, the scores of the surest boxes are compared.
        """
        said = len(self.found) + len(other.found)
        if not said:
            gap = abs(self.scores.max(initial=0.0) - other.scores.max(initial=0.0))
            return Difference(float(gap), 1.0, 0)
        pairs = [_gaps(one.found, two) for one, two in ((self, other), (other, self))]
        return Difference(max(gap for gap, _ in pairs), sum(count for _, count in pairs) / said, said)

    def draw(self, image: Image.Image) -> Image.Image:
        """`image` with each box that is sure enough and its words, and masks, of which each has its own colour.

        Where there are more masks than words have room for, masks alone are drawn. What is true is certain, and has no
        score beside its name.
        """
        shown = self.found.on((image.width, image.height))
        certain = bool((shown.scores == 1).all())
        boxes = [(box.xyxy, box.name if certain else f"{box.name} {box.score:.2f}") for box in shown._rows()]
        if MASK not in self.columns:
            return draw_boxes(image, boxes, shown.labels.tolist())
        colours = list(range(len(boxes)))
        drawn = draw_masks(image, shown.masks, colours)
        return drawn if len(boxes) > _MOST_WORDS else draw_boxes(drawn, boxes, colours)

    @property
    def masks(self) -> list[Mask]:
        """The pixels of each box, of the column `mask`; none where there is no such column."""
        return masks_of(self.columns[MASK], self.size) if MASK in self.columns else []

    def files(self) -> dict[str, bytes]:
        """`instances.png` of boxes with masks: 0 for nothing, k for the k-th of those that are sure enough, from 1."""
        return {"instances.png": ids_png(self.found.masks, self.size)} if MASK in self.columns else {}

    def mistakes(self, target: "Boxes") -> list[Mistake]:
        return box_mistakes(self, target)

    def draw_mistakes(self, image: Image.Image, target: "Boxes") -> Image.Image:
        """The image, enlarged where it is small, under a bar that counts what is wrong, with each wrong box."""
        return draw_box_mistakes(image, self, target)


def area(xyxy: Floats) -> Floats:
    """Width times height of each of (boxes, 4)."""
    sides: Floats = xyxy[:, 2:] - xyxy[:, :2]
    return sides[:, 0] * sides[:, 1]


def _gaps(found: Boxes, other: Boxes) -> tuple[float, int]:
    """The largest gap between boxes and their partners in `other`, and how many have one."""
    alike = overlaps(found.xyxy, other.xyxy) * (found.labels[:, None] == other.labels[None])
    alike = np.minimum(alike, overlaps_by_mask(found.columns, other.columns, found.size))
    partners = matched(alike, _SAME_PLACE)
    paired = partners >= 0
    sides = np.array([*found.size, *found.size], np.float64)
    places = np.abs(found.xyxy[paired] - other.xyxy[partners[paired]]) / sides
    scores = np.abs(found.scores[paired] - other.scores[partners[paired]])
    gaps = float(places.max(initial=0.0)), float(scores.max(initial=0.0))
    columns = largest_gap(found.select(paired).columns, other.select(partners[paired]).columns, found.size)
    return max(*gaps, columns), int(paired.sum())
