"""Mean and standard deviation of what a network is given, a value a channel."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.image_store import ImageStore
from convsight.inputs import ImageInput, InputSpec
from convsight.inputs.image import luma
from convsight.spread import evenly

_MEASURED = 10_000  # examples
_MEASURED_POSITIONS = 50_000_000  # beyond these, mean and std no longer move in the third digit
_AT_ONCE = 64  # examples


class ChannelStatistics(NamedTuple):
    """Mean and population standard deviation of every channel, in the numbers that `InputSpec.scaled` gives."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


def channel_statistics(images: ImageStore, spec: InputSpec) -> ChannelStatistics:
    """The statistics of `images` as a network with the input `spec` sees them: of one channel, RGB are grey.

    Measured on examples spread evenly over the split: at most 10,000, fewer where they are large. Raises ValueError
    where there is none.
    """
    if not len(images):
        raise ValueError("there is no image to measure")
    most = min(_MEASURED, max(1, _MEASURED_POSITIONS // spec.positions))
    chosen = evenly(len(images), most)
    batches = (images.take(part) for part in np.array_split(chosen, -(-len(chosen) // _AT_ONCE)))
    if isinstance(spec, ImageInput) and spec.is_rgb:
        return _of_rgb(batches, spec.channels)
    return _of_any(batches, spec)


def _of_rgb(batches: Iterable[NDArray[np.uint8]], channels: int) -> ChannelStatistics:
    """Of RGB images, from how often each of the 256 levels occurs; of one channel, of their luma."""
    histograms = np.zeros((4, 256), np.int64)
    for images in batches:
        for channel, values in enumerate((*np.moveaxis(images, 3, 0), luma(images))):
            histograms[channel] += np.bincount(values.reshape(-1), minlength=256)
    levels = np.arange(256) / 255
    share = histograms / histograms.sum(axis=1, keepdims=True)
    mean = share @ levels
    std = np.sqrt((share * (levels - mean[:, None]) ** 2).sum(axis=1))
    wanted = slice(3, 4) if channels == 1 else slice(0, 3)
    return ChannelStatistics(tuple(mean[wanted].tolist()), tuple(std[wanted].tolist()))


def _of_any(batches: Iterable[NDArray[Any]], spec: InputSpec) -> ChannelStatistics:
    """Batch by batch, in float64.

    Source: Chan, Golub and LeVeque, "Algorithms for computing the sample variance", 1983.
    """
    count, mean, spread = 0, np.zeros(spec.channels), np.zeros(spec.channels)
    for arrays in batches:
        values = np.moveaxis(spec.scaled(arrays).astype(np.float64), 1, 0).reshape(spec.channels, -1)
        more, own = values.shape[1], values.mean(axis=1)
        step = own - mean
        spread += ((values - own[:, None]) ** 2).sum(axis=1) + step**2 * (count * more / (count + more))
        mean += step * (more / (count + more))
        count += more
    return ChannelStatistics(tuple(mean.tolist()), tuple(np.sqrt(spread / count).tolist()))
