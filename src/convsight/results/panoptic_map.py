"""`PanopticMap`: every pixel of an image is of one segment, a thing or a region of stuff; for targets and prediction."""

from dataclasses import dataclass, replace
from functools import cached_property
from io import BytesIO
from typing import Any, ClassVar, Self, final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.results.masks import Mask, masks_of_ids
from convsight.results.mistakes import Mistake
from convsight.results.panoptic_drawing import draw_panoptic, draw_panoptic_mistakes
from convsight.results.panoptic_matches import matched_segments, panoptic_mistakes
from convsight.results.pixel_colours import Colour, usual_colours
from convsight.results.result import Difference, InvalidOutputError, Result

Ids = NDArray[np.int32]
_SHARES = 6  # decimals


@final
@dataclass(frozen=True, eq=False)
class PanopticMap(Result):
    """The number of a segment, from 1, for every pixel: `ids` (height, width); 0 where none is known, or none was found.

    Segment k is of the class `labels[k - 1]`, as sure as `scores[k - 1]` (0..1, 1 for targets). Of classes that are
    `things` (classes,) each thing is a segment; of others, which are stuff, all pixels together are one. `crowd`
    (segments,) marks regions of many things, which are known of targets only. `colours` are those of the classes.

    >>> ids = np.array([[1, 1, 2], [3, 3, 0]], np.int32)
    >>> found = PanopticMap.of(("sky", "cat"), (False, True), ids, [0, 1, 1])
    >>> found.summary(), [segment["kind"] for segment in found.to_json()["segments"]]
    ('2 cat, 40.0% sky', ['stuff', 'thing', 'thing'])
    """

    wrong: ClassVar[str] = "have segments that are wrong or missed"

    classes: tuple[str, ...]
    colours: tuple[Colour, ...]
    things: tuple[bool, ...]
    ids: Ids
    labels: NDArray[np.int64]
    scores: NDArray[np.float64]
    crowd: NDArray[np.bool_]

    def __post_init__(self) -> None:
        count = len(self.labels)
        if self.ids.ndim != 2 or self.ids.dtype != np.int32 or not self.ids.size:
            raise ValueError(f"a panoptic map is int32 (height, width), not {self.ids.dtype} {self.ids.shape}")
        if not len(self.classes) == len(self.colours) == len(self.things):
            raise ValueError(f"{len(self.classes)} classes, {len(self.colours)} colours, {len(self.things)} kinds")
        if self.labels.shape != (count,) or self.scores.shape != (count,) or self.crowd.shape != (count,):
            raise ValueError(f"labels, scores and crowd of {count} segments of other shapes")
        if int(self.ids.min()) < 0 or int(self.ids.max()) > count:
            raise ValueError(f"ids {self.ids.min()}..{self.ids.max()} of {count} segments")
        if count and not (int(self.labels.min()) >= 0 and int(self.labels.max()) < len(self.classes)):
            raise ValueError(f"classes {self.labels.min()}..{self.labels.max()} of {len(self.classes)}")
        if not bool(((self.scores >= 0) & (self.scores <= 1)).all()):
            raise InvalidOutputError("scores must lie in 0..1")

    @classmethod
    def of(
        cls,
        classes: tuple[str, ...],
        things: tuple[bool, ...],
        ids: Any,
        labels: Any,
        *,
        colours: tuple[Colour, ...] | None = None,
        scores: Any = None,
        crowd: Any = None,
    ) -> Self:
        """A map from anything that NumPy makes arrays of; what is left out is as for plain targets."""
        count = len(labels)
        return cls(
            classes=classes,
            colours=colours or usual_colours(classes),
            things=things,
            ids=np.asarray(ids, np.int32),
            labels=np.asarray(labels, np.int64).reshape(count),
            scores=np.broadcast_to(np.asarray(1.0 if scores is None else scores, np.float64), (count,)),
            crowd=np.broadcast_to(np.asarray(False if crowd is None else crowd, np.bool_), (count,)),
        )

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in px."""
        return self.ids.shape[1], self.ids.shape[0]

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def areas(self) -> NDArray[np.int64]:
        """How many pixels each segment has (segments,)."""
        return np.bincount(self.ids.ravel(), minlength=len(self) + 1)[1:]

    @property
    def is_thing(self) -> NDArray[np.bool_]:
        """Which segments are things (segments,)."""
        return np.array(self.things, np.bool_)[self.labels]

    @property
    def masks(self) -> list[Mask]:
        """The pixels of each segment."""
        return masks_of_ids(self.ids, len(self))

    @property
    def indices(self) -> NDArray[np.int64]:
        """The class of every pixel (height, width), -1 for none."""
        found: NDArray[np.int64] = np.append(-1, self.labels)[self.ids]
        return found

    def select(self, chosen: NDArray[np.int64]) -> "PanopticMap":
        """The segments at the positions `chosen`, in that order; the pixels of others are of none."""
        table = np.zeros(len(self) + 1, np.int32)
        table[chosen + 1] = np.arange(1, len(chosen) + 1)
        parts = {name: getattr(self, name)[chosen] for name in ("labels", "scores", "crowd")}
        return replace(self, ids=table[self.ids], **parts)

    def on(self, size: tuple[int, int]) -> "PanopticMap":
        """The same map of an image of `size` (width, height): nearest pixels."""
        across, down = (
            ((np.arange(after) + 0.5) * before / after).astype(np.int64)
            for after, before in zip(size, self.size, strict=True)
        )
        return replace(self, ids=self.ids[down[:, None], across[None]])

    def at_least(self, confidence: float) -> "PanopticMap":
        return self.select(np.flatnonzero(self.scores >= confidence))

    def to_json(self) -> dict[str, Any]:
        segments = [
            {"id": row + 1, "name": name, "kind": kind, "score": score, "share": share, "xyxy": list(xyxy)}
            for row, (name, kind, score, share, xyxy) in enumerate(self._rows())
        ]
        width, height = self.size
        return {"mask": {"height": height, "width": width}, "segments": segments}

    def to_rows(self) -> list[tuple[str | float, ...]]:
        return [(name, kind, score, share, *xyxy) for name, kind, score, share, xyxy in self._rows()]

    def _rows(self) -> list[tuple[str, str, float, float, tuple[int, int, int, int]]]:
        """Of each segment its class, what it is, its score, its share of the pixels, and the corners around it."""
        shares = np.round(self.areas / self.ids.size, _SHARES).tolist()
        return [
            (self.classes[label], "thing" if self.things[label] else "stuff", score, share, mask.xyxy)
            for label, score, share, mask in zip(
                self.labels.tolist(), self.scores.tolist(), shares, self.masks, strict=True
            )
        ]

    def summary(self) -> str:
        """How many things there are of each class, and the share of stuff in the pixels of any segment."""
        counts = np.bincount(self.labels[self.is_thing], minlength=len(self.classes))
        words = [f"{counts[k]} {self.classes[k]}" for k in np.argsort(-counts, kind="stable") if counts[k]]
        stuff = np.bincount(self.labels[~self.is_thing], self.areas[~self.is_thing], len(self.classes))
        whole = max(1, int(self.areas.sum()))
        words += [f"{stuff[k] / whole:.1%} {self.classes[k]}" for k in np.argsort(-stuff, kind="stable") if stuff[k]]
        return ", ".join(words) or "nothing found"

    def difference(self, other: "PanopticMap") -> Difference:
        """Each segment needs a partner of its class in the other, with more than half of both in common.

        Numbers compared are the scores of partners.
        """
        said = len(self) + len(other)
        if not said:
            return Difference(0.0, 1.0, 0)
        partners = matched_segments(self, other)
        paired = partners >= 0
        gaps = np.abs(self.scores[paired] - other.scores[partners[paired]])
        return Difference(float(gaps.max(initial=0.0)), 2 * int(paired.sum()) / said, said)

    def files(self) -> dict[str, bytes]:
        """`panoptic.png` as COCO has it: the number of a pixel's segment is red + 256 green + 65536 blue."""
        colours = np.stack([self.ids >> shift & 255 for shift in (0, 8, 16)], axis=-1).astype(np.uint8)
        content = BytesIO()
        Image.fromarray(colours).save(content, "PNG", compress_level=1)
        return {"panoptic.png": content.getvalue()}

    def draw(self, image: Image.Image) -> Image.Image:
        """The image under its segments, each thing in a colour of its own, and a bar that names the classes."""
        return draw_panoptic(image, self)

    def mistakes(self, target: "PanopticMap") -> list[Mistake]:
        return panoptic_mistakes(self, target)

    def draw_mistakes(self, image: Image.Image, target: "PanopticMap") -> Image.Image:
        """The image beside what was predicted and what is true."""
        return draw_panoptic_mistakes(image, self, target)
