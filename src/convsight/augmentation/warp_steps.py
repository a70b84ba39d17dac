"""Steps of a warp: maps of places, one for each sample of a batch. Mirror images, whole pixels, turns, crops.

Places are (batch, ..., 2), x before y, as fractions of an image's sides: pixel j of w covers j/w to (j + 1)/w.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal, final

import torch
from torch import Tensor
from torch.nn import functional as F

HeightWidth = tuple[int, int]  # height and width in px


class WarpStep(ABC):
    """From an image as it is to the image as it is seen, a map of its own for each sample."""

    # Whether lines along rows and columns stay such lines.
    upright: ClassVar[bool]

    @property
    @abstractmethod
    def mirrored(self) -> Tensor | None:
        """Which samples (batch,) show a mirror image, however it is turned; None if none ever does."""

    @abstractmethod
    def size(self, size: HeightWidth) -> HeightWidth:
        """The size at which an image of `size` is seen."""

    @abstractmethod
    def images(self, images: Tensor) -> Tensor:
        """Images (batch, channels, height, width) of floats as they are seen."""

    @abstractmethod
    def forward(self, places: Tensor) -> Tensor:
        """Where `places` of the image as it is are seen."""

    @abstractmethod
    def backward(self, places: Tensor) -> Tensor:
        """What is seen at `places`, as places of the image as it is."""


@final
@dataclass(frozen=True)
class Flip(WarpStep):
    """The mirror image of the `chosen` samples (batch,): left to right if horizontal, else upside down."""

    axis: Literal["horizontal", "vertical"]
    chosen: Tensor

    upright: ClassVar[bool] = True

    @property
    def mirrored(self) -> Tensor:
        return self.chosen

    def size(self, size: HeightWidth) -> HeightWidth:
        return size

    def images(self, images: Tensor) -> Tensor:
        flipped = images.flip(3 if self.axis == "horizontal" else 2)
        return torch.where(self.chosen[:, None, None, None], flipped, images)

    def forward(self, places: Tensor) -> Tensor:
        along = places.new_tensor([self.axis == "horizontal", self.axis == "vertical"]).bool()
        return torch.where(_each(self.chosen[:, None] & along, places), 1 - places, places)

    def backward(self, places: Tensor) -> Tensor:
        return self.forward(places)


@final
@dataclass(frozen=True)
class Shift(WarpStep):
    """Samples moved up and left by `offsets` (batch, 2), rows and columns in whole px of images of `of`.

    Borders are repeated. Nothing is interpolated, so small images stay sharp.
    """

    offsets: Tensor
    of: HeightWidth

    upright: ClassVar[bool] = True

    @property
    def mirrored(self) -> None:
        return None

    def size(self, size: HeightWidth) -> HeightWidth:
        return size

    def images(self, images: Tensor) -> Tensor:
        height, width = images.shape[2:]
        if (height, width) != self.of:
            return seen_at(images, self.backward(centres((height, width), images)), "border")
        rows = (torch.arange(height, device=images.device)[None] + self.offsets[:, :1]).clamp(0, height - 1)
        columns = (torch.arange(width, device=images.device)[None] + self.offsets[:, 1:]).clamp(0, width - 1)
        each = torch.arange(len(images), device=images.device)[:, None, None]
        # Advanced indexing around the channel axis puts it last: (batch, height, width, channels).
        shifted = images[each, :, rows[:, :, None], columns[:, None, :]]
        return shifted.permute(0, 3, 1, 2)

    def forward(self, places: Tensor) -> Tensor:
        return places - self._fractions(places)

    def backward(self, places: Tensor) -> Tensor:
        return places + self._fractions(places)

    def _fractions(self, places: Tensor) -> Tensor:
        height, width = self.of
        return _each(self.offsets.flip(1) / places.new_tensor([width, height]), places)


@final
@dataclass(frozen=True)
class Affine(WarpStep):
    """`matrices` (batch, 2, 3): what is seen at (x, y), in `affine_grid`'s coordinates, which run from -1 to 1.

    Borders are reflected, values between pixels interpolated.
    """

    matrices: Tensor

    @staticmethod
    def around_the_middle(angles: Tensor, scales: Tensor, shifts: Tensor, aspect: float) -> "Affine":
        """Images of width / height `aspect` turned by `angles` (batch,) in radians, and scaled and moved.

        `scales` (batch,) are what is seen as a share of the side, `shifts` (batch, 2), x before y, likewise.
        """
        cos, sin = angles.cos() * scales, angles.sin() * scales
        # The coordinates run from -1 to 1 on both axes, so a rotation must undo the aspect ratio.
        top = torch.stack([cos, -sin / aspect, shifts[:, 0] * 2], dim=1)
        bottom = torch.stack([sin * aspect, cos, shifts[:, 1] * 2], dim=1)
        return Affine(torch.stack([top, bottom], dim=1))

    upright: ClassVar[bool] = False

    @property
    def mirrored(self) -> Tensor:
        return self._determinants() < 0

    def size(self, size: HeightWidth) -> HeightWidth:
        return size

    def images(self, images: Tensor) -> Tensor:
        grid = F.affine_grid(self.matrices, list(images.shape), align_corners=False)
        return F.grid_sample(images, grid, mode="bilinear", padding_mode="reflection", align_corners=False)

    def forward(self, places: Tensor) -> Tensor:
        x, y = (places * 2 - 1 - _each(self.matrices[:, :, 2], places)).unbind(-1)
        a, b, c, d = (_each(part, x) for part in self.matrices[:, :, :2].flatten(1).unbind(1))
        moved = torch.stack([d * x - b * y, a * y - c * x], dim=-1) / _each(self._determinants(), x)[..., None]
        return (moved + 1) / 2

    def backward(self, places: Tensor) -> Tensor:
        x, y = (places * 2 - 1).unbind(-1)
        a, b, c, d = (_each(part, x) for part in self.matrices[:, :, :2].flatten(1).unbind(1))
        moved = torch.stack([a * x + b * y, c * x + d * y], dim=-1) + _each(self.matrices[:, :, 2], places)
        return (moved + 1) / 2

    def _determinants(self) -> Tensor:
        (a, b, _), (c, d, _) = (row.unbind(1) for row in self.matrices.unbind(1))
        return a * d - b * c


@final
@dataclass(frozen=True)
class ResizedCrop(WarpStep):
    """An upright crop, which may reach beyond the image, at another size.

    `middle` and `sides` (batch, 2) are fractions, x before y. Where `flips` (batch, 2) says so it is mirrored along x
    or y. Images of `before` are seen at `after`; what lies around an image is `fill`.
    """

    middle: Tensor
    sides: Tensor
    flips: Tensor
    before: HeightWidth
    after: HeightWidth
    fill: float

    upright: ClassVar[bool] = True

    @property
    def mirrored(self) -> Tensor:
        return self.flips[:, 0] ^ self.flips[:, 1]

    def size(self, size: HeightWidth) -> HeightWidth:
        return scaled(size, self.before, self.after)

    def images(self, images: Tensor) -> Tensor:
        size = self.size((images.shape[2], images.shape[3]))
        scale = self.sides * torch.where(self.flips, -1.0, 1.0)
        offset = self.middle * 2 - 1
        nothing = torch.zeros_like(offset[:, 0])
        rows = [
            torch.stack([scale[:, 0], nothing, offset[:, 0]], dim=1),
            torch.stack([nothing, scale[:, 1], offset[:, 1]], dim=1),
        ]
        grid = F.affine_grid(torch.stack(rows, dim=1), [*images.shape[:2], *size], align_corners=False)
        around = images - self.fill  # so that what lies outside, which is sampled as 0, becomes `fill`
        return F.grid_sample(around, grid, mode="bilinear", padding_mode="zeros", align_corners=False) + self.fill

    def forward(self, places: Tensor) -> Tensor:
        moved = (places - _each(self.middle - self.sides / 2, places)) / _each(self.sides, places)
        return torch.where(_each(self.flips, places), 1 - moved, moved)

    def backward(self, places: Tensor) -> Tensor:
        unflipped = torch.where(_each(self.flips, places), 1 - places, places)
        return _each(self.middle - self.sides / 2, places) + unflipped * _each(self.sides, places)


def centres(size: HeightWidth, like: Tensor) -> Tensor:
    """The middles of all pixels of images of `size`, for each sample of `like`: (batch, height, width, 2)."""
    height, width = size
    rows = (torch.arange(height, device=like.device) + 0.5) / height
    columns = (torch.arange(width, device=like.device) + 0.5) / width
    each = torch.stack([columns.expand(height, width), rows[:, None].expand(height, width)], dim=-1)
    return each.expand(len(like), height, width, 2)


def seen_at(images: Tensor, places: Tensor, padding: Literal["border", "reflection", "zeros"]) -> Tensor:
    """Images (batch, channels, height, width) at `places` (batch, rows, columns, 2), interpolated."""
    return F.grid_sample(images, places * 2 - 1, mode="bilinear", padding_mode=padding, align_corners=False)


def scaled(size: HeightWidth, before: HeightWidth, after: HeightWidth) -> HeightWidth:
    """`size` times `after / before`: targets may have other sizes than inputs, but must stay whole pixels.

    >>> scaled((64, 96), before=(32, 48), after=(24, 36))
    (48, 72)
    """
    (height, rows), (width, columns) = (divmod(a * b, c) for a, b, c in zip(size, after, before, strict=True))
    if rows or columns:
        raise ValueError(
            f"images of {size} px cannot follow others that go from {before} to {after} px: no whole pixels"
        )
    return height, width


def _each(values: Tensor, places: Tensor) -> Tensor:
    """Values (batch,) or (batch, 2) beside places (batch, ...) or (batch, ..., 2)."""
    between = [1] * (places.dim() - values.dim())
    return values.reshape(values.shape[0], *between, *values.shape[1:])
