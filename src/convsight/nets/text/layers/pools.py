"""Pooling over windows and over the whole volume, and zeros around it."""

import math
from dataclasses import dataclass
from typing import Literal, final

from convsight.arithmetic.shapes import Window
from convsight.nets.text.layers.kernel_windows import Padding, Pads, sides_after, windows
from convsight.nets.text.layers.layer import Layer, Sides
from convsight.nets.text.volume import Volume


@final
@dataclass(frozen=True, kw_only=True)
class Pool(Layer):
    """Maximum, mean or sum over windows, `kernel` apart unless `stride` says otherwise; padding never counts.

    >>> print(Pool(kind="maxpool", kernel=(2,)).after(Volume(16, (27, 27))))
    13x13x16
    """

    kind: Literal["maxpool", "avgpool", "sumpool"]
    kernel: Sides
    stride: Sides | None = None
    padding: Padding = "valid"

    @property
    def word(self) -> str:
        return self.kind

    def windows(self, volume: Volume) -> tuple[Window, ...]:
        return windows(self, volume, self.kernel, self.stride or self.kernel, self.padding)

    def after(self, volume: Volume) -> Volume:
        moving = self.windows(volume)
        for window in moving:
            if self.padding != "same" and max(window.before, window.after) >= window.kernel:
                raise self.fault("padding", f"padding must be smaller than the kernel of {window.kernel}")
        return Volume(volume.channels, sides_after(self, volume, moving))


@final
@dataclass(frozen=True, kw_only=True)
class GlobalPool(Layer):
    """Maximum, mean or sum over all positions; `keep` leaves a volume of one cell rather than a vector.

    >>> print(GlobalPool(kind="globalavg").after(Volume(64, (7, 7))))
    64
    """

    kind: Literal["globalmax", "globalavg", "globalsum"]
    keep: bool = False

    @property
    def word(self) -> str:
        return self.kind

    def after(self, volume: Volume) -> Volume:
        ones = self.spread("word", (1,), volume)
        return Volume(volume.channels, ones if self.keep else ())


@final
@dataclass(frozen=True, kw_only=True)
class ZeroPad(Layer):
    """Zeros before and behind every side.

    >>> print(ZeroPad(cells=((0, 1), (2, 2))).after(Volume(3, (28, 28))))
    29x32x3
    """

    cells: Pads

    @property
    def word(self) -> str:
        return "zeropad"

    def after(self, volume: Volume) -> Volume:
        pads = self.spread("cells", self.cells, volume)
        return Volume(volume.channels, tuple(n + sum(pair) for n, pair in zip(volume.sides, pads, strict=True)))


@final
@dataclass(frozen=True, kw_only=True)
class Flatten(Layer):
    """A volume as one vector: channel after channel as PyTorch has it, or position after position as Keras has it.

    >>> print(Flatten().after(Volume(32, (6, 6))))
    1152
    """

    channels_last: bool = False

    @property
    def word(self) -> str:
        return "flatten"

    def after(self, volume: Volume) -> Volume:
        return Volume(volume.channels * math.prod(volume.sides))
