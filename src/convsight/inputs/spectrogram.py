"""`SpectrogramInput`: sound and vibration, put in as they are; the network sees how loud each frequency is when."""

from typing import Any, ClassVar, Literal, Self, final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from convsight.inputs.sequence import Timed
from convsight.words import counted

FLOOR_DB = 80.0  # below a full sine wave; what is quieter counts as silence


@final
class SpectrogramInput(Timed):
    """`length` samples in -1..1 as the magnitudes of a short-time Fourier transform under a periodic Hann window.

    Every `hop` samples, `window` of them become window / 2 + 1 frequencies. A sine wave of amplitude 1 is 1, one 80 dB
    quieter or less is 0, and between the two the scale is that of decibels.
    """

    noun: ClassVar[str] = "recording"

    kind: Literal["spectrogram"] = "spectrogram"
    sample_rate: int = Field(ge=1, description="Samples a second.")
    window: int = Field(ge=2, le=2**16)
    hop: int = Field(ge=1)

    @property
    def planes_shape(self) -> tuple[int, int, int]:
        return self.channels, self.window // 2 + 1, 1 + (self.length - self.window) // self.hop

    def hann(self) -> NDArray[np.float64]:
        """The window (window,), scaled so that a sine wave of amplitude 1 has a magnitude of 1."""
        weights = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self.window) / self.window)
        scaled: NDArray[np.float64] = weights * (2 / weights.sum())
        return scaled

    def scaled(self, arrays: NDArray[Any]) -> NDArray[np.floating[Any]]:
        waves = arrays.reshape(len(arrays), *self.array_shape)
        views = np.lib.stride_tricks.sliding_window_view(waves, self.window, axis=2)[:, :, :: self.hop]
        power = np.abs(np.fft.rfft(views * self.hann(), axis=3)) ** 2
        decibels = 10 * np.log10(np.maximum(power, 10 ** (-FLOOR_DB / 10)))
        return np.swapaxes(decibels / FLOOR_DB + 1, 2, 3)

    @property
    def summary(self) -> str:
        channels = counted(self.channels, "channel")
        return f"{self.length / self.sample_rate:.3g} s of sound at {self.sample_rate:,} Hz, {channels}"

    @model_validator(mode="after")
    def _a_window_fits(self) -> Self:
        if self.window > self.length:
            raise ValueError(f"a window of {self.window} samples does not fit into {self.length}")
        return self
