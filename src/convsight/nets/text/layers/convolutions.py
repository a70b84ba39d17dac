"""Convolutions in one, two and three dimensions: plain, depthwise, separable and transposed."""

from dataclasses import dataclass
from typing import final

from convsight.arithmetic.shapes import Window, transposed_side
from convsight.nets.text.layer_errors import TooSmallError
from convsight.nets.text.layers.kernel_windows import Padding, sides_after, windows
from convsight.nets.text.layers.layer import Init, Layer, Sides, Width
from convsight.nets.text.volume import Volume, times


@final
@dataclass(frozen=True, kw_only=True)
class Conv(Layer):
    """A convolution (cross-correlation) with `filters` kernels; `groups` cut the channels into separate ones.

    >>> print(Conv(filters=32, kernel=(5,), stride=(2,)).after(Volume(16, (26, 26))))
    11x11x32
    """

    filters: Width
    kernel: Sides
    stride: Sides = (1,)
    dilation: Sides = (1,)
    groups: int = 1
    padding: Padding = "valid"
    bias: bool = True
    init: Init | None = None

    @property
    def word(self) -> str:
        return "conv"

    def windows(self, volume: Volume) -> tuple[Window, ...]:
        return windows(self, volume, self.kernel, self.stride, self.padding, self.dilation)

    def after(self, volume: Volume) -> Volume:
        filters = self.number("filters", self.filters)
        moving = self.windows(volume)
        check_groups(self, self.groups, volume.channels, filters)
        return Volume(filters, sides_after(self, volume, moving))


@final
@dataclass(frozen=True, kw_only=True)
class Depthwise(Layer):
    """A convolution of every channel by itself, with `multiplier` kernels each.

    >>> print(Depthwise(kernel=(3,), padding="same", multiplier=2).after(Volume(16, (28, 28))))
    28x28x32
    """

    kernel: Sides
    stride: Sides = (1,)
    dilation: Sides = (1,)
    multiplier: int = 1
    padding: Padding = "valid"
    bias: bool = True
    init: Init | None = None

    @property
    def word(self) -> str:
        return "depthwise"

    def windows(self, volume: Volume) -> tuple[Window, ...]:
        return windows(self, volume, self.kernel, self.stride, self.padding, self.dilation)

    def after(self, volume: Volume) -> Volume:
        sides = sides_after(self, volume, self.windows(volume))
        return Volume(volume.channels * self.multiplier, sides)


@final
@dataclass(frozen=True, kw_only=True)
class Separable(Layer):
    """A depthwise convolution without bias, then one of kernel 1 to `filters` channels.

    Source: Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions", 2017.

    >>> print(Separable(filters=32, kernel=(3,)).after(Volume(16, (28, 28))))
    26x26x32
    """

    filters: Width
    kernel: Sides
    stride: Sides = (1,)
    dilation: Sides = (1,)
    multiplier: int = 1
    padding: Padding = "valid"
    bias: bool = True
    init: Init | None = None

    @property
    def word(self) -> str:
        return "separable"

    def windows(self, volume: Volume) -> tuple[Window, ...]:
        return windows(self, volume, self.kernel, self.stride, self.padding, self.dilation)

    def after(self, volume: Volume) -> Volume:
        filters = self.number("filters", self.filters)
        return Volume(filters, sides_after(self, volume, self.windows(volume)))


@final
@dataclass(frozen=True, kw_only=True)
class Transposed(Layer):
    """A transposed convolution: the gradient of a convolution, used to enlarge.

    `same` gives n * stride cells a side, `valid` n * stride + max(span - stride, 0), both as Keras has them. Padding in
    numbers is taken off what comes out, and `output_padding` added behind, as in PyTorch.

    >>> print(Transposed(filters=8, kernel=(3,), stride=(2,), padding="same").after(Volume(16, (7, 7))))
    14x14x8
    """

    filters: Width
    kernel: Sides
    stride: Sides = (1,)
    dilation: Sides = (1,)
    groups: int = 1
    padding: Padding = "valid"
    output_padding: Sides = (0,)
    bias: bool = True
    init: Init | None = None

    @property
    def word(self) -> str:
        return "transposed"

    def windows(self, volume: Volume) -> tuple[tuple[Window, ...], Sides]:
        """The window along each side, its padding being what is taken off, and the cells added behind each side."""
        plain = windows(self, volume, self.kernel, self.stride, "valid", self.dilation)
        added = self.spread("output_padding", self.output_padding, volume)
        if isinstance(self.padding, str):
            if any(added):
                raise self.fault(
                    "output_padding", f"outputpadding goes with padding in numbers, not with {self.padding}"
                )
            return tuple(_named(w, self.padding) for w in plain), tuple(max(w.stride - w.span, 0) for w in plain)
        for window, cells in zip(plain, added, strict=True):
            if cells >= max(window.stride, window.dilation) and cells:
                raise self.fault("output_padding", f"outputpadding {cells} must be smaller than the stride or dilation")
        pads = self.spread("padding", self.padding, volume)
        return tuple(
            Window(w.kernel, w.stride, before, behind, w.dilation)
            for w, (before, behind) in zip(plain, pads, strict=True)
        ), added

    def after(self, volume: Volume) -> Volume:
        filters = self.number("filters", self.filters)
        moving, added = self.windows(volume)
        check_groups(self, self.groups, volume.channels, filters)
        every = zip(volume.sides, moving, added, strict=True)
        sides = tuple(transposed_side(n, window, cells).value for n, window, cells in every)
        if min(sides) < 1:
            what = f"padding leaves nothing of what a {times(volume.sides)} volume becomes"
            raise TooSmallError(what, self.span("padding"), "less padding")
        return Volume(filters, sides)


def check_groups(layer: Layer, groups: int, channels: int, filters: int) -> None:
    """Raise `LayerError` unless `groups` divide the channels before and after."""
    for number, what in ((channels, "channels that come in"), (filters, "filters")):
        if number % groups:
            raise layer.fault("groups", f"groups {groups} does not divide the number of {what}, {number}")


def _named(window: Window, padding: str) -> Window:
    total = max(window.span - window.stride, 0) if padding == "same" else 0
    return Window(window.kernel, window.stride, total // 2, total - total // 2, window.dilation)
