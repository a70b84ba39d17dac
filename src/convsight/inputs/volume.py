"""`VolumeInput`: images with a depth, such as those of CT and MRI."""

from pathlib import Path
from typing import Any, ClassVar, Literal, Self, TypeGuard, final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from convsight.images import (
    TIFF_SUFFIXES,
    VOLUME_SUFFIXES,
    ImageError,
    Source,
    VolumeSpace,
    volume_header,
    volume_space,
)
from convsight.inputs.array_file import ARRAY_SUFFIXES, read_array
from convsight.inputs.levels import Levels
from convsight.inputs.loaded import Loaded
from convsight.inputs.middle import MiddleGeometry, cut_to_middle
from convsight.inputs.resample import Spacing, resampled
from convsight.inputs.slices import is_stack
from convsight.inputs.spec import BATCH, InputSpec
from convsight.inputs.volume_file import is_nifti_source, read_volume, volume_sides
from convsight.words import counted

_OWN_LOW, _OWN_HIGH = 0.5, 99.5  # percentiles of a volume's own range


@final
class VolumeInput(Levels, InputSpec):
    """Arrays (depth, height, width, channels), the last axis left out where there is one channel.

    Of one channel they may also be NIfTI files, which come in one orientation (see `images.nifti`), folders of slices
    and TIFFs of several pages (see `inputs.slices`). With a `spacing` in mm along depth, height and width, files that
    tell theirs are resampled to it; what is larger than the input is cut to its middle, what is smaller lies between
    borders of `low`.

    With `own_range` each volume's 0.5 and 99.5 percentiles become 0 and 1, what lies outside is clipped: for scanners
    whose numbers have no unit, such as MRI.
    """

    noun: ClassVar[str] = "volume"

    kind: Literal["volume"] = "volume"
    depth: int = Field(ge=1, le=8192)
    height: int = Field(ge=1, le=8192)
    width: int = Field(ge=1, le=8192)
    # Left out where there is none, as on cards of programs that did not know them.
    spacing: Spacing | None = Field(None, exclude_if=lambda found: found is None)
    own_range: bool = Field(False, exclude_if=lambda found: not found)

    @model_validator(mode="after")
    def _a_spacing(self) -> Self:
        if self.spacing and not all(0 < side < np.inf for side in self.spacing):
            raise ValueError(f"a spacing is of numbers above 0, not {self.spacing}")
        if self.own_range and (self.bits, self.low, self.high) != (32, 0, 1):
            raise ValueError("a range of each volume's own is for values of 32 bits from 0 to 1")
        return self

    @property
    def array_shape(self) -> tuple[int, int, int, int]:
        return self.depth, self.height, self.width, self.channels

    @property
    def planes_shape(self) -> tuple[int, int, int, int]:
        return self.channels, self.depth, self.height, self.width

    @property
    def free_axes(self) -> dict[int, str]:
        return {0: BATCH, 1: "depth", 2: "height", 3: "width"}

    @property
    def suffixes(self) -> frozenset[str]:
        return ARRAY_SUFFIXES | VOLUME_SUFFIXES | TIFF_SUFFIXES if self.channels == 1 else ARRAY_SUFFIXES

    def load(self, source: Source, max_megapixels: float = 100.0, name: str | None = None) -> Loaded:
        volume, remark = self._original(source, max_megapixels, name)
        return Loaded(cut_to_middle(volume, self.array_shape[:3], (0, 1, 2), self.low), self.size_of(volume), remark)

    def original(self, source: Source, max_megapixels: float = 100.0, name: str | None = None) -> NDArray[Any]:
        return self._original(source, max_megapixels, name)[0]

    def voxel_sides(self, source: Source) -> Spacing | None:
        """The sides in mm of a voxel of `original` along depth, height and width, where its file tells them."""
        if not self._may_be_file(source):
            return None
        if is_nifti_source(source):
            header = volume_header(source)
            told = header.spacing if header else None
        else:
            sides = volume_sides(source) if isinstance(source, Path) else None
            told = sides.spacing if sides else None
        return (self.spacing or told) if told else None

    def is_whole(self, folder: Path) -> bool:
        return self.channels == 1 and is_stack(folder)

    def space(self, source: Source) -> VolumeSpace | None:
        """How the file in `source` lays out its voxels, so that masks lie alike; None where it is no NIfTI."""
        if not isinstance(source, Path | bytes) or not is_nifti_source(source):
            return None
        return volume_space(source)

    def takes(self, arrays: NDArray[Any]) -> bool:
        if self.own_range:
            return False
        shape = self.array_shape[:3] if arrays.ndim == 4 and self.channels == 1 else self.array_shape
        return arrays.dtype == self.dtype and arrays.shape[1:] == shape

    def size_of(self, array: NDArray[Any]) -> tuple[int, int, int]:
        return array.shape[2], array.shape[1], array.shape[0]

    def geometry(self, size: tuple[int, ...]) -> MiddleGeometry:
        return MiddleGeometry(size, (self.width, self.height, self.depth), channels_last=True, border=self.low)

    def scaled(self, arrays: NDArray[Any]) -> NDArray[np.floating[Any]]:
        return self._shares(np.moveaxis(arrays, -1, 1))

    @property
    def summary(self) -> str:
        words = f"volumes of {self.depth} x {self.height} x {self.width} voxels, {counted(self.channels, 'channel')}"
        if self.spacing:
            words += f", resampled to {' x '.join(f'{side:.3g}' for side in self.spacing)} mm"
        if self.own_range:
            return f"{words}, each by its own range"
        return words if self.bits == 8 else f"{words}, values from {self.low:,.6g} to {self.high:,.6g}"

    def _original(self, source: Source, max_megapixels: float, name: str | None) -> tuple[NDArray[Any], str]:
        """The original, and what is odd about its file."""
        called = name or (str(source) if isinstance(source, Path) else "the volume")
        volume, remark = self._voxels(source, max_megapixels, called)
        if volume.ndim == 3 and self.channels == 1:
            volume = volume[..., None]
        shapes = f"(depth, height, width, {self.channels})" + " or (depth, height, width)" * (self.channels == 1)
        if volume.ndim != 4 or volume.shape[3] != self.channels:
            raise ImageError(f"{name or 'the array'} has a shape of {volume.shape}; expected {shapes}")
        checked = self._checked(volume, name, shapes)
        return (_by_own_range(checked) if self.own_range else checked), remark

    def _voxels(self, source: Source, max_megapixels: float, name: str) -> tuple[NDArray[Any], str]:
        """The voxels of `source`, in one orientation and at the input's spacing where it tells its own."""
        found = read_volume(source, name, max_megapixels) if self._may_be_file(source) else None
        if found is None:
            return read_array(source, max_megapixels * 1e6 * self.channels, name, "NIfTI files, or "), ""
        if self.spacing and found.spacing:
            return resampled(found.voxels, found.spacing, self.spacing), found.remark
        return found.voxels, found.remark

    def _may_be_file(self, source: Source) -> TypeGuard[Path | bytes]:
        """Whether `source` may be in one of the formats of volumes, which hold one channel."""
        return isinstance(source, Path | bytes) and self.channels == 1


def _by_own_range(volume: NDArray[Any]) -> NDArray[Any]:
    """`volume` with its own percentiles as 0 and 1."""
    low, high = np.percentile(volume, [_OWN_LOW, _OWN_HIGH])
    shares: NDArray[Any] = ((volume - low) / ((high - low) or 1.0)).clip(0, 1).astype(np.float32)
    return shares
