"""An original as a picture that people can look at."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.images import Source
from convsight.inputs.image import ImageInput
from convsight.inputs.resample import Spacing
from convsight.inputs.spec import InputSpec
from convsight.inputs.volume import VolumeInput
from convsight.results.montage import framed, layout, montage

_LONGEST = 4096  # px
_ALIKE = 0.01  # by which sides of voxels may differ unseen
_SPREAD = 2  # standard deviations around the mean of a band that become black to white


def shown(spec: InputSpec, source: Source, max_megapixels: float = 100.0) -> Image.Image | None:
    """The example `source` as `spec` takes it, in RGB at its own size; None where its kind is no picture.

    Of bands those are shown of which `shown_colours` tells, of volumes a montage of slices
    (see `results.montage`), in the proportions that their voxels have in mm.
    Errors are those of `spec.load`.
    """
    if isinstance(spec, VolumeInput):
        return _slices(spec, spec.original(source, max_megapixels), spec.voxel_sides(source))
    if not isinstance(spec, ImageInput):
        return None
    original = spec.original(source, max_megapixels)
    if spec.is_rgb:
        return Image.fromarray(original)
    return Image.fromarray(shown_colours(spec, spec.scaled(original[None])[0]))


def shown_colours(spec: ImageInput, planes: NDArray[Any]) -> NDArray[np.uint8]:
    """Shares of the range (channels, height, width) as RGB uint8 (height, width, 3).

    Of more bands than colours the `shown_bands` are red, green and blue: those that the training's files call so, else
    the first three, and of fewer than three the first alone. Each goes from black to white as far as its mean less and
    plus two standard deviations, those of the training, so that all pictures are shown alike.

    >>> two = ImageInput(height=1, width=2, channels=2, bits=16, mean=(0.5, 0.5), std=(0.1, 0.1))
    >>> shown_colours(two, np.array([[[0.3, 0.7]], [[0.0, 0.0]]])).tolist()
    [[[0, 0, 0], [255, 255, 255]]]
    """
    if spec.is_rgb:
        return _levels(planes)
    bands = list(spec.shown_bands or (range(3) if spec.channels >= 3 else (0,) * 3))
    low, high = _ends(spec, bands)
    return _levels((planes[bands] - low) / np.where(high > low, high - low, 1))


def _slices(spec: VolumeInput, voxels: NDArray[Any], sides: Spacing | None) -> Image.Image:
    """Slices of `voxels` (depth, height, width, channels), black to white as `shown_colours` has it."""
    bands = list(range(3)) if spec.channels >= 3 else [0]
    planes = spec.scaled(montage(voxels)[None, None])[0, bands, 0]
    low, high = _ends(spec, bands)
    levels = _levels((planes - low) / np.where(high > low, high - low, 1))
    return Image.fromarray(framed(_in_proportion(levels, len(voxels), sides), len(voxels)))


def _in_proportion(pixels: NDArray[np.uint8], depth: int, sides: Spacing | None) -> NDArray[np.uint8]:
    """A montage of `depth` slices, of whose pixels one side is repeated as often as `sides` of voxels ask for.

    No montage becomes longer than 4,096 px for that: then the other side shrinks.
    """
    if sides is None or abs(sides[1] / sides[2] - 1) < _ALIKE:
        return pixels
    rows, columns = layout(depth).rows, layout(depth).columns
    cells = np.array([pixels.shape[0] / rows, pixels.shape[1] / columns])  # of a slice
    wanted = cells * np.array(sides[1:]) / min(sides[1:])
    wanted *= min(1.0, max(_LONGEST, *pixels.shape[:2]) / max(wanted[0] * rows, wanted[1] * columns))
    height, width = np.maximum(1, np.rint(wanted)).astype(int).tolist()
    size = (width * columns, height * rows)
    return np.array(Image.fromarray(pixels).resize(size, Image.Resampling.NEAREST))


def _ends(spec: ImageInput | VolumeInput, bands: list[int]) -> tuple[NDArray[Any], NDArray[Any]]:
    """What of the range of bands is black and what white (bands, 1, 1)."""
    mean, spread = (np.array(each)[bands, None, None] for each in (spec.mean, spec.std))
    return (mean - _SPREAD * spread).clip(0, 1), (mean + _SPREAD * spread).clip(0, 1)


def _levels(planes: NDArray[Any]) -> NDArray[np.uint8]:
    colours = planes[:3] if len(planes) >= 3 else planes[:1].repeat(3, axis=0)
    levels: NDArray[np.uint8] = np.rint(colours.clip(0, 1) * 255).astype(np.uint8)
    return levels.transpose(1, 2, 0).copy()
