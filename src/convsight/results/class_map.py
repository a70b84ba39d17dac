"""`ClassMap`: a class for every pixel of an image, or voxel of a volume; one type for targets and prediction."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.results.class_map_drawing import draw_class_map, draw_disagreement
from convsight.results.class_map_mistakes import class_map_mistakes
from convsight.results.mistakes import Mistake
from convsight.results.pixel_colours import UNKNOWN_COLOUR, Colour
from convsight.results.result import Difference, InvalidOutputError, Result

Indices = NDArray[np.integer[Any]]
Floats = NDArray[np.floating[Any]]

IGNORED = 255  # the usual index of pixels that have no class
_EVEN = 0.01  # two classes so near to one another are as good as even: rounding may turn one into the other
_INDICES = 256  # of 8 bits
_SHARES = 6  # decimals
_DRAWN = 512  # px a side of a map that is kept for being drawn
_LAST = 65_535  # index of 16 bits


@final
@dataclass(frozen=True, eq=False)
class ClassMap(Result):
    """An index into `classes` for every pixel (height, width) or voxel (depth, height, width): uint8 or uint16.

    `ignore_index` stands where no class is known or said: what the data leave open, and of a prediction what the
    network was not shown, or is less sure of than was asked for. `colours` are red, green and blue of each class. A
    prediction knows of every pixel how probable its class is, `scores`, and by how much it leads the next, `leads`:
    floats in 0..1 of the same shape. `spacing` are the sides of a pixel or voxel in mm, an axis each, where
    known.

    >>> found = ClassMap(("sky", "road"), ((0, 114, 178), (0, 0, 0)), np.array([[0, 0, 0], [1, 1, 255]], np.uint8))
    >>> found.summary(), found.shares
    ('60.0% sky, 40.0% road', {'sky': 0.6, 'road': 0.4})
    """

    wrong: ClassVar[str] = "have a region that is predicted wrong"
    places: ClassVar[bool] = True

    classes: tuple[str, ...]
    colours: tuple[Colour, ...]
    indices: Indices
    ignore_index: int = IGNORED
    scores: Floats | None = None
    leads: Floats | None = None
    spacing: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if self.indices.dtype not in (np.uint8, np.uint16) or self.indices.ndim not in {2, 3} or not self.indices.size:
            raise ValueError(
                f"a class map is uint8 or uint16 (height, width) or (depth, height, width), not {self.indices.dtype} "
                f"{self.indices.shape}"
            )
        if len(self.colours) != len(self.classes):
            raise ValueError(f"{len(self.classes)} classes need as many colours, not {len(self.colours)}")
        if self.ignore_index < len(self.classes):
            raise ValueError(f"{self.ignore_index} is the index of the class {self.classes[self.ignore_index]!r}")
        if unknown := self._unknown():
            raise ValueError(f"the index {unknown[0]} is of none of {len(self.classes)} classes")
        if self.spacing is not None and not (len(self.spacing) == self.indices.ndim and min(self.spacing) > 0):
            raise ValueError(f"the sides of a pixel, {self.spacing}, must be above 0 and one for each axis")
        for name in ("scores", "leads"):
            values = getattr(self, name)
            if values is not None and values.shape != self.indices.shape:
                raise ValueError(f"{name} of shape {values.shape} for pixels of shape {self.indices.shape}")
            # NaN fails every comparison, so a network that returns NaN never becomes a prediction.
            if values is not None and not (values.min() >= 0 and values.max() <= 1):
                raise InvalidOutputError(f"the {name} of pixels must lie in 0..1")

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """How many pixels there are of each class (classes,)."""
        return pixel_counts(self.indices, len(self.classes))

    @property
    def shares(self) -> dict[str, float]:
        """The share of each class in the pixels that have one, those that occur; the largest first."""
        labelled = max(1, int(self.counts.sum()))
        order = np.argsort(-self.counts, kind="stable")
        return {self.classes[k]: round(float(self.counts[k]) / labelled, _SHARES) for k in order if self.counts[k]}

    @property
    def unknown(self) -> float:
        """The share of all pixels that have no class."""
        return 1 - float(self.counts.sum()) / self.indices.size

    @classmethod
    def joined(cls, strips: Sequence["ClassMap"]) -> "ClassMap":
        """One map of strips, from the top down, of the same classes."""
        indices = np.concatenate([strip.indices for strip in strips])
        scores, leads = (
            None
            if any(each is None for each in parts)
            else np.concatenate([each for each in parts if each is not None])
            for parts in zip(*((strip.scores, strip.leads) for strip in strips), strict=True)
        )
        return replace(strips[0], indices=indices, scores=scores, leads=leads)

    def class_names(self) -> tuple[str, ...]:
        return tuple(name for name, count in zip(self.classes, self.counts, strict=False) if count)

    def region(self, name: str) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = self.indices == self.classes.index(name)
        return found

    def at_least(self, confidence: float) -> "ClassMap":
        """Pixels whose class is less probable have none."""
        if self.scores is None:
            return self
        sure = np.where(self.scores >= confidence, self.indices, np.asarray(self.ignore_index, self.indices.dtype))
        return replace(self, indices=sure)

    def to_json(self) -> dict[str, Any]:
        depth_height_width = self.indices.shape
        size = dict(zip(("depth", "height", "width")[-len(depth_height_width) :], depth_height_width, strict=True))
        shares = [{"name": name, "share": share} for name, share in self.shares.items()]
        return {"mask": size, "shares": shares, "unknown": round(self.unknown, _SHARES)}

    def to_rows(self) -> list[tuple[str | float, ...]]:
        """One row: the class of most pixels, and the share of every class."""
        shares = self.shares
        return [(next(iter(shares), ""), *(shares.get(name, 0.0) for name in self.classes))]

    def summary(self) -> str:
        words = [f"{share:.1%} {name}" for name, share in self.shares.items()]
        return ", ".join(words) or "no class"

    def difference(self, other: "ClassMap") -> Difference:
        """The share of pixels that say the same; of which one finds two classes as good as even counts as that."""
        if self.indices.shape != other.indices.shape:
            return Difference(1.0, 0.0, self.indices.size)
        alike = self.indices == other.indices
        gap = 0.0
        if self.scores is not None and other.scores is not None:
            gaps = np.abs(self.scores.astype(np.float32) - other.scores.astype(np.float32))
            gap = float(gaps.max(where=alike, initial=0.0))
        for one in (self, other):
            alike = alike if one.leads is None else alike | (one.leads < _EVEN)
        return Difference(gap, float(alike.mean()), self.indices.size)

    def files(self) -> dict[str, bytes]:
        """The mask: an index a pixel as PNG in the colours of the classes; of a volume, as NumPy's array file."""
        written = io.BytesIO()
        if self.indices.ndim == 3:
            np.save(written, self.indices, allow_pickle=False)
            return {"mask.npy": written.getvalue()}
        self.image().save(written, "PNG", optimize=False)
        return {"mask.png": written.getvalue()}

    def image(self) -> Image.Image:
        """The indices of a (height, width) map as an image: with a palette of the colours where 8 bits hold them."""
        if self.indices.dtype != np.uint8:
            return Image.fromarray(self.indices)
        image = Image.fromarray(np.ascontiguousarray(self.indices))
        image.putpalette(_palette(self.colours, self.ignore_index))
        return image

    def draw(self, image: Image.Image) -> Image.Image:
        """The image under its classes' colours and a bar that names them; of a volume, on its montage."""
        return draw_class_map(image, self)

    def compact(self) -> "ClassMap":
        """The classes alone, of at most 512 pixels a side: every n-th of larger maps; of volumes, in each slice."""
        height, width = self.indices.shape[-2:]
        step = -(-max(height, width) // _DRAWN)
        rows, columns = (slice(min(step // 2, side - 1), None, step) for side in (height, width))
        fewer = np.ascontiguousarray(self.indices[..., rows, columns])
        return replace(self, indices=fewer, scores=None, leads=None)

    def mistakes(self, target: "ClassMap") -> list[Mistake]:
        return class_map_mistakes(self, target)

    def draw_mistakes(self, image: Image.Image, target: "ClassMap") -> Image.Image:
        """The image beside what was predicted, what is true, and the pixels that differ."""
        return draw_disagreement(image, self, target)

    def _unknown(self) -> list[int]:
        """Indices that are neither of a class nor of none."""
        if int(self.indices.max()) < len(self.classes):
            return []
        there = np.unique(self.indices[self.indices >= len(self.classes)]).tolist()
        return [index for index in there if index != self.ignore_index]


def unknown_index(classes: int) -> int:
    """The usual index of no class beside so many.

    >>> unknown_index(20), unknown_index(300)
    (255, 65535)
    """
    return IGNORED if classes <= IGNORED else _LAST


def pixel_counts(indices: Indices, classes: int) -> NDArray[np.int64]:
    """How many of `indices`, of any shape, are of each of so many classes; other indices are left out.

    >>> pixel_counts(np.array([[0, 1, 1, 255]], np.uint8), 3).tolist()
    [1, 2, 0]
    """
    flat = np.ascontiguousarray(indices).reshape(-1)
    return np.bincount(flat, minlength=classes)[:classes].astype(np.int64)


def _palette(colours: tuple[Colour, ...], ignore_index: int) -> bytes:
    """The colours as PNG has them: three bytes for each of 256 indices."""
    table = np.zeros((_INDICES, 3), np.uint8)
    table[: len(colours)] = colours
    table[min(ignore_index, _INDICES - 1)] = UNKNOWN_COLOUR
    return table.tobytes()
