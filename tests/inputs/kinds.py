"""One input of every kind, and originals that it takes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.images import ResizeMode
from convsight.inputs import AnyInput, ImageInput, SequenceInput, SpectrogramInput, VolumeInput

TYPES = {8: np.uint8, 16: np.uint16, 32: np.float32}
RANGES = {8: (0.0, 255.0), 16: (0.0, 4095.0), 32: (-2.0, 5.0)}


def image_input(
    channels: int = 3, bits: int = 8, height: int = 12, width: int = 16, fit: ResizeMode = "crop", **more: Any
) -> ImageInput:
    """Images, with means and deviations that differ from channel to channel."""
    low, high = RANGES[bits]
    mean = tuple(0.3 + 0.02 * channel for channel in range(channels))
    return ImageInput.model_validate(
        {"height": height, "width": width, "fit": fit, "channels": channels, "bits": bits, "low": low, "high": high}
        | {"mean": mean, "std": tuple(value / 2 for value in mean)}
        | more
    )


def image(spec: ImageInput, height: int, width: int, seed: int = 0) -> NDArray[Any]:
    """Noise (height, width, channels) over the whole range, smooth over a few pixels."""
    rng = np.random.default_rng(seed)
    coarse = rng.random((height // 3 + 2, width // 3 + 2, spec.channels))
    noise = coarse.repeat(3, 0).repeat(3, 1)[:height, :width]
    values = spec.low + (spec.high - spec.low) * noise
    return (values if spec.bits == 32 else np.rint(values)).astype(TYPES[spec.bits])


VOLUME = VolumeInput.model_validate(
    {"depth": 3, "height": 4, "width": 5, "channels": 2, "bits": 16, "mean": (0.2, 0.4), "std": (0.5, 0.1), "low": 7}
)
SEQUENCE = SequenceInput(length=40, channels=2, mean=(0.5, -1.0), std=(2.0, 3.0))
SPECTROGRAM = SpectrogramInput(
    length=400, channels=2, mean=(0.5, 0.4), std=(0.2, 0.1), sample_rate=800, window=64, hop=16
)

OTHERS: dict[str, AnyInput] = {"volume": VOLUME, "sequence": SEQUENCE, "spectrogram": SPECTROGRAM}


def original(spec: AnyInput, sides: tuple[int, ...], seed: int = 0) -> NDArray[Any]:
    """An original of such sides, in the order of its axes."""
    rng = np.random.default_rng(seed)
    if isinstance(spec, ImageInput):
        return image(spec, sides[0], sides[1], seed)
    if isinstance(spec, VolumeInput):
        return rng.integers(0, 60_000, (*sides, spec.channels)).astype(spec.dtype)
    return rng.uniform(-1, 1, (spec.channels, *sides)).astype(np.float32)
