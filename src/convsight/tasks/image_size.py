"""The size that images are fitted to, chosen from what the data hold and what is usual for the network."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.datasets import Split
from convsight.datasets.band_range import measured_bands
from convsight.datasets.file_range import measured_file_range
from convsight.errors import UserError
from convsight.images import ResizeMode, image_size
from convsight.inputs import ImageInput, measured_range
from convsight.settings import TrainSettings
from convsight.spread import evenly

_SIZED = 200  # images whose size decides that of the network's input
_LONGEST = 320  # px, of what every pixel is answered about, where nobody tells
_STRIDE = 32  # px, of most encoders
_FEWEST_PIXELS = 16  # a smaller side leaves a network nothing to halve


def sizes(split: Split) -> NDArray[np.int64]:
    """Width and height in pixels of up to 200 images, evenly chosen: (images, 2).

    Raises `UserError` where none can be read.
    """
    if isinstance(split.images, np.ndarray):
        return np.array([_checked(split).shape[2:0:-1]])
    chosen = evenly(len(split), _SIZED)
    found = [size for size in (image_size(split.images[i]) for i in chosen) if size]
    if not found:
        raise UserError(f"no image of the split {split.name!r} can be read; is {split.names[0]} an image?")
    return np.array(found)


def unmeasured(
    height: int, width: int, fit: ResizeMode, split: Split | None = None, colour: str = "auto"
) -> ImageInput:
    """Images of so many pixels, like those of `split`, before mean and deviation of their channels are measured.

    Files, and arrays of uint8 with one or three channels, are RGB; other arrays keep their channels and bits, and so do
    TIFF files of bands, with the `colour` bands all TIFF files. Of files with more than 8 bits, the range of their
    values is measured.
    """
    channels = 3
    others: dict[str, Any] = {}
    if split is not None and isinstance(split.images, np.ndarray):
        images = _checked(split)
        channels, others = images.shape[3] if images.ndim == 4 else 1, dict(measured_range(images))
        if others["bits"] == 8 and channels in {1, 3}:
            channels, others = 3, {}
    elif split is not None:
        bands = measured_bands(split.images, all_samples=colour == "bands")
        if bands:
            channels = bands.channels
            others = {**bands.range, "missing": bands.missing, "shown_bands": bands.shown}
        else:
            others = {"file_range": measured_file_range(split.images)}
    return ImageInput(
        height=height,
        width=width,
        fit=fit,
        channels=channels,
        mean=(0.0,) * channels,
        std=(1.0,) * channels,
        **others,
    )


def _checked(split: Split) -> NDArray[Any]:
    """The images of `split`, which are one array."""
    images = split.images
    if not isinstance(images, np.ndarray) or images.ndim not in {3, 4} or images.dtype.kind not in "uif":
        what = f"{images.dtype} of shape {images.shape}" if isinstance(images, np.ndarray) else "files"
        raise UserError(
            f"the split {split.name!r} holds {what}; expected images: numbers of shape (images, height, width) or "
            "(images, height, width, channels)"
        )
    return images


def typical_side(split: Split) -> int:
    """The median of the shorter sides of up to 200 images, in pixels."""
    return int(np.median(sizes(split).min(axis=1)))


def choose_side(settings: TrainSettings, typical: int, default: int) -> tuple[int, str]:
    """The side of the network's input, and why.

    >>> choose_side(TrainSettings.of(data="photos"), typical=480, default=96)
    (96, 'images of 96 px, usual for this network; the data has 480')
    """
    if settings.size is not None:
        return settings.size, f"images of {settings.size} px: --size {settings.size}"
    if typical > default:
        return default, f"images of {default} px, usual for this network; the data has {typical}"
    if typical < _FEWEST_PIXELS:
        return _FEWEST_PIXELS, f"images of {_FEWEST_PIXELS} px, enlarged from {typical}"
    return typical, f"images of {typical} px, as the data has"


def in_proportion(split: Split, settings: TrainSettings) -> tuple[ImageInput, str]:
    """Images in the data's median proportions, for networks that answer about every pixel; and why.

    The longer side is that of the data, 320 px at most, or --size; both are multiples of most encoders' stride.
    """
    width, height = np.median(sizes(split), axis=0)
    longest = settings.size or min(_LONGEST, int(max(width, height)))
    scale = longest / max(width, height)
    rows, columns = (max(_STRIDE, _STRIDE * round(side * scale / _STRIDE)) for side in (height, width))
    why = f"images of {columns} x {rows} px; the data has {width:.0f} x {height:.0f}"
    return unmeasured(rows, columns, settings.fit or "squash", split, settings.colour), why
