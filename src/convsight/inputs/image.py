"""`ImageInput`: images as a network takes them."""

from pathlib import Path
from typing import Any, ClassVar, Literal, Self, final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from convsight.images import (
    IMAGE_SUFFIXES,
    TIFF_SUFFIXES,
    BandsWanted,
    ImageError,
    InputSize,
    ResizeFilter,
    ResizeMode,
    Source,
    ValueRange,
    decode_image,
    fit_planes,
    is_tiff_source,
    load_image,
    read_bands,
)
from convsight.inputs.array_file import ARRAY_SUFFIXES, read_array
from convsight.inputs.image_geometry import ImageGeometry
from convsight.inputs.levels import Levels
from convsight.inputs.loaded import Loaded
from convsight.inputs.spec import BATCH, InputSpec

_DEEPEST = 2**32  # no image file holds larger whole numbers
_MANY_MISSING = 0.5  # of the values of an image, which are then remarked on


@final
class ImageInput(Levels, InputSpec):
    """Images fitted to `height` x `width`, then ((pixel - low) / (high - low) - mean) / std.

    `fit` says what happens to another aspect ratio: `crop` keeps the middle, `squash` changes the proportions, `pad`
    adds borders of the value `low`, which is black; `tile` keeps the scale: what is loaded is the whole image, at least
    as large as a tile of `height` x `width`, and a network is given such tiles, neighbours of which share `overlap`
    pixels. Images of 8 bits and 1 or 3 channels are of any file and held as
    RGB; `channels` 1 then means grey by the ITU-R 601 luma that Pillow uses. Whole numbers of more than 8 bits in such
    files become 8 bits: those of `file_range`, measured on the training images, where some of them had such. All others
    come as TIFF files of so many bands, as arrays (height, width, channels), or (height, width) of one channel, and as
    `.npy` files of these. Where a TIFF says that it holds no data, and where its values are no numbers, they count as
    `low`; `missing` is the share of such values among those that `low` and `high` were measured on, without them.

    People are shown the bands `shown_bands`, or the first three, or the first, see `inputs.shown`.

    With `shorter`, `crop` resizes the whole until its shorter side has so many pixels, then cuts the middle out;
    `filter` is that of the resize.
    """

    graph_name: ClassVar[str] = "pictures"
    noun: ClassVar[str] = "picture"

    kind: Literal["image"] = "image"
    height: int = Field(ge=1, le=8192)
    width: int = Field(ge=1, le=8192)
    fit: ResizeMode = "crop"
    channels: int = Field(3, ge=1, le=65_536)
    # Left out where there is none, as on cards of programs that did not know them.
    overlap: int = Field(0, ge=0, exclude_if=lambda found: not found)
    shorter: int | None = Field(None, ge=1, le=8192, exclude_if=lambda found: found is None)
    filter: ResizeFilter = Field("bilinear", exclude_if=lambda found: found == "bilinear")
    file_range: ValueRange | None = Field(None, exclude_if=lambda found: found is None)
    missing: float = Field(0.0, ge=0, le=1, exclude_if=lambda found: not found)
    shown_bands: tuple[int, int, int] | None = Field(None, exclude_if=lambda found: found is None)

    @model_validator(mode="after")
    def _some_bands(self) -> Self:
        if self.shown_bands and not all(0 <= band < self.channels for band in self.shown_bands):
            raise ValueError(f"the bands {self.shown_bands} are shown, of 0 to {self.channels - 1}")
        return self

    @model_validator(mode="after")
    def _a_file_range(self) -> Self:
        if self.file_range and not (self.is_rgb and -_DEEPEST <= self.file_range.low < self.file_range.high < _DEEPEST):
            raise ValueError(f"the range of values in files is of RGB images and must rise, not be {self.file_range}")
        return self

    @model_validator(mode="after")
    def _a_resize(self) -> Self:
        if self.shorter and (self.fit != "crop" or self.shorter < max(self.height, self.width)):
            raise ValueError(
                f"a shorter side of {self.shorter} px is of fit crop, and must hold the "
                f"{self.width} x {self.height} px that are cut out"
            )
        if self.filter != "bilinear" and self.bits != 8:
            raise ValueError(f"the filter {self.filter} is for values of 8 bits")
        return self

    @model_validator(mode="after")
    def _an_overlap(self) -> Self:
        if self.overlap and (self.fit != "tile" or 2 * self.overlap > min(self.height, self.width)):
            raise ValueError(
                f"an overlap of {self.overlap} px is of fit tile, and at most half of {self.width} x {self.height} px"
            )
        return self

    @property
    def input_size(self) -> InputSize:
        """The size and how images come to it alone."""
        return InputSize(self.height, self.width, self.fit, self.shorter, self.filter)

    @property
    def is_rgb(self) -> bool:
        """Whether arrays are RGB uint8, in colour or grey: what image files hold."""
        return self.bits == 8 and self.channels in {1, 3}

    @property
    def array_shape(self) -> tuple[int, int, int]:
        return self.height, self.width, 3 if self.is_rgb else self.channels

    @property
    def planes_shape(self) -> tuple[int, int, int]:
        return self.channels, self.height, self.width

    @property
    def free_axes(self) -> dict[int, str]:
        return {0: BATCH} if self.is_tiled else {0: BATCH, 1: "height", 2: "width"}

    @property
    def is_tiled(self) -> bool:
        return self.fit == "tile"

    @property
    def suffixes(self) -> frozenset[str]:
        return IMAGE_SUFFIXES if self.is_rgb else ARRAY_SUFFIXES | TIFF_SUFFIXES

    def load(self, source: Source, max_megapixels: float = 100.0, name: str | None = None) -> Loaded:
        if self.is_rgb:  # a large JPEG is not decoded whole
            return Loaded(*load_image(source, self.input_size, max_megapixels, name, self.file_range))
        image, remark = self._planes(source, max_megapixels, name)
        return Loaded(fit_planes(image, self.input_size, self.low), self.size_of(image), remark)

    def original(self, source: Source, max_megapixels: float = 100.0, name: str | None = None) -> NDArray[Any]:
        """What the contract says; of images that are held as RGB, sources and errors are those of `decode_image`."""
        if self.is_rgb:
            return np.array(decode_image(source, max_megapixels=max_megapixels, shown=self.file_range))
        return self._planes(source, max_megapixels, name)[0]

    def _planes(self, source: Source, max_megapixels: float, name: str | None) -> tuple[NDArray[Any], str]:
        """The values (height, width, channels) of a TIFF or an array, and what is to be said of them."""
        if isinstance(source, Path | bytes) and is_tiff_source(source):
            called = name or (str(source) if isinstance(source, Path) else f"the TIFF ({len(source)} bytes)")
            wanted = BandsWanted(self.channels, self.dtype)
            bands = read_bands(source, called, max_megapixels=max_megapixels, wanted=wanted)
            empty = bands.missing
            remark = f"{empty:.0%} of its values are nodata or no numbers, taken as {self.low:g}"
            return bands.filled(self.low), remark if empty > _MANY_MISSING else ""
        image = read_array(source, max_megapixels * 1e6 * self.channels, name, "TIFF files of bands, or ")
        shapes = f"(height, width, {self.channels})" + " or (height, width)" * (self.channels == 1)
        if image.ndim == 2 and self.channels == 1:
            image = image[:, :, None]
        if image.ndim != 3 or image.shape[2] != self.channels:
            raise ImageError(f"{name or 'the array'} has a shape of {image.shape}; expected {shapes}")
        return self._checked(image, name, shapes), ""

    def takes(self, arrays: NDArray[Any]) -> bool:
        if self.shorter or self.is_tiled:  # images of the very size of the input are resized and cut too
            return False
        flat = arrays.ndim == 3 and (self.is_rgb or self.channels == 1)  # grey, without an axis for it
        shape = self.array_shape[:2] if flat else self.array_shape
        return arrays.dtype == self.dtype and arrays.shape[1:] == shape

    def size_of(self, array: NDArray[Any]) -> tuple[int, int]:
        return array.shape[1], array.shape[0]

    def geometry(self, size: tuple[int, ...]) -> ImageGeometry:
        width, height = size
        return ImageGeometry(self.input_size, (width, height), border=self.low)

    def scaled(self, arrays: NDArray[Any]) -> NDArray[np.floating[Any]]:
        planes = np.moveaxis(arrays, -1, 1)
        return self._shares(luma(arrays)[:, None] if self.is_rgb and self.channels == 1 else planes)

    @property
    def summary(self) -> str:
        colours = {1: "grey", 3: "RGB"}.get(self.channels, "") if self.is_rgb else ""
        kind = colours or f"{self.channels} channel{'s' * (self.channels > 1)} of {self.bits} bits"
        if self.file_range:
            kind += f", of more than 8 bits {self.file_range.low:,} to {self.file_range.high:,}"
        if not self.is_rgb and self.bits > 8:
            kind += f" from {self.low:,.6g} to {self.high:,.6g}"
        if self.missing:
            kind += f" ({self.missing:.2g} of the values say nothing and are left out of that)"
        if self.is_tiled:
            return f"tiles of {self.width} x {self.height} px that overlap by {self.overlap}, {kind}"
        of = f" of {self.shorter} px on the shorter side" if self.shorter else ""
        return f"images of {self.width} x {self.height} px{of}, {kind}"


def luma(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey of RGB (..., 3) as Pillow's mode L has it: ITU-R 601 luma in 16-bit fixed point.

    >>> luma(np.array([[255, 0, 0]], np.uint8))
    array([76], dtype=uint8)
    """
    wide = images.astype(np.uint32)
    grey = (19595 * wide[..., 0] + 38470 * wide[..., 1] + 7471 * wide[..., 2] + 32768) >> 16
    return grey.astype(np.uint8)
