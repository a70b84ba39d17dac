"""`ImageResult`: an image as the prediction; `ImagesOfMany`: those of many examples, in one array."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, ClassVar, final, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.results.result import Difference, InvalidOutputError, Result

_SAME = 1 / 16  # of the range: values closer than that look alike


@final
@dataclass(frozen=True, eq=False)
class ImageResult(Result):
    """Pixels (height, width, channels) with values in 0..1, of 1 or 3 channels.

    >>> ImageResult(np.zeros((2, 3, 1))).to_json()
    {'image': {'width': 3, 'height': 2, 'channels': 1, 'mean': 0.0}}
    """

    places: ClassVar[bool] = True

    values: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.values.ndim != 3 or self.values.shape[2] not in {1, 3}:
            raise ValueError(f"an image has a shape of (height, width, 1 or 3), not {self.values.shape}")
        if not bool(((self.values >= 0) & (self.values <= 1)).all()):
            raise InvalidOutputError("the values of an image must lie in 0..1")

    def to_json(self) -> dict[str, Any]:
        height, width, channels = self.values.shape
        mean = round(float(self.values.mean()), 6)
        return {"image": {"width": width, "height": height, "channels": channels, "mean": mean}}

    def summary(self) -> str:
        height, width, _ = self.values.shape
        return f"an image of {width} x {height} px, {self.values.mean():.1%} bright"

    def difference(self, other: "ImageResult") -> Difference:
        shares = np.abs(self.values - other.values)
        return Difference(float(shares.max()), float((shares <= _SAME).mean()))

    def files(self) -> dict[str, bytes]:
        """The image as PNG."""
        written = io.BytesIO()
        self.shown().save(written, "PNG")
        return {"png": written.getvalue()}

    def draw(self, image: Image.Image) -> Image.Image:
        """The image beside the one that it was made from, at its size."""
        both = Image.new("RGB", (2 * image.width, image.height))
        both.paste(image, (0, 0))
        both.paste(self.shown().convert("RGB").resize(image.size), (image.width, 0))
        return both

    def shown(self) -> Image.Image:
        """The image in 8 bits."""
        pixels = np.rint(self.values * 255).astype(np.uint8)
        return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


@final
class ImagesOfMany(Sequence[ImageResult]):
    """The true images of many examples: `pixels` uint8 (examples, height, width, channels)."""

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        if pixels.ndim != 4 or pixels.dtype != np.uint8:
            raise ValueError(f"expected uint8 (examples, height, width, channels), not {pixels.dtype} {pixels.shape}")
        self.pixels = pixels

    @property
    def channels(self) -> int:
        """Of every image."""
        return int(self.pixels.shape[3])

    def __len__(self) -> int:
        return len(self.pixels)

    @overload
    def __getitem__(self, index: int) -> ImageResult: ...
    @overload
    def __getitem__(self, index: slice) -> "ImagesOfMany": ...
    def __getitem__(self, index: int | slice) -> "ImageResult | ImagesOfMany":
        if isinstance(index, slice):
            return ImagesOfMany(self.pixels[index])
        return ImageResult(self.pixels[index].astype(np.float64) / 255)

    def select(self, positions: NDArray[np.integer[Any]]) -> "ImagesOfMany":
        """The images at `positions`, in that order."""
        return ImagesOfMany(self.pixels[positions])

    def to_find(self) -> int:
        """How many examples have something to be judged by."""
        return len(self)

    def strata(self) -> NDArray[np.int64]:
        """All of them are of one group."""
        return np.zeros(len(self), np.int64)

    def lines(self) -> list[str]:
        """A digest of every image's shape and pixels."""
        return [_digest(pixels) for pixels in self.pixels]


def _digest(pixels: NDArray[np.uint8]) -> str:
    return blake2b(repr(pixels.shape).encode() + pixels.tobytes(), digest_size=16).hexdigest()
