"""How a layer's kernel moves over a volume: padding by name or number, and the sides that come out."""

from typing import Literal

from convsight.arithmetic.shapes import Window, same_padding, window_side
from convsight.nets.text.layer_errors import TooSmallError
from convsight.nets.text.layers.layer import Layer, Sides
from convsight.nets.text.volume import Volume, times

Pads = tuple[tuple[int, int], ...]  # cells before and after, an axis; a single pair stands for every axis
Padding = Literal["valid", "same"] | Pads


def windows(
    layer: Layer,
    volume: Volume,
    kernel: Sides,
    stride: Sides,
    padding: Padding,
    dilation: Sides = (1,),
) -> tuple[Window, ...]:
    """The window along each side of `volume`; `same` is TensorFlow's.

    Raises `LayerError` where a field is for another number of axes.
    """
    kernels = layer.spread("kernel", kernel, volume)
    strides = layer.spread("stride", stride, volume)
    dilations = layer.spread("dilation", dilation, volume)
    if padding == "same":
        four = zip(volume.sides, kernels, strides, dilations, strict=True)
        pads: Pads = tuple(same_padding(*numbers) for numbers in four)
    elif padding == "valid":
        pads = ((0, 0),) * len(volume.sides)
    else:
        pads = layer.spread("padding", padding, volume)
    every = zip(kernels, strides, pads, dilations, strict=True)
    return tuple(Window(k, s, before, after, d) for k, s, (before, after), d in every)


def sides_after(layer: Layer, volume: Volume, moving: tuple[Window, ...]) -> Sides:
    """The sides that windows `moving` over `volume` leave. Raises `TooSmallError` where one does not fit."""
    sides = tuple(window_side(n, window).value for n, window in zip(volume.sides, moving, strict=True))
    if min(sides) < 1:
        lacking = [w.span - n - w.before - w.after for n, w in zip(volume.sides, moving, strict=True)]
        more = [(cells + 1) // 2 if cells > 0 else 0 for cells in lacking]
        fix = [max(w.before, w.after) + extra for w, extra in zip(moving, more, strict=True)]
        padding = str(fix[0]) if len(set(fix)) == 1 else times(fix)
        raise TooSmallError(
            f"{_kernel_text(moving)} over a {times(volume.sides)} volume", layer.span("kernel"), f"padding {padding}"
        )
    return sides


def is_static(window: Window, padding: Padding) -> bool:
    """Whether the padding of this axis is the same for every side of the volume."""
    return padding != "same" or window.stride == 1 or window.span == 1


def _kernel_text(moving: tuple[Window, ...]) -> str:
    kernel = times([window.kernel for window in moving])
    if all(window.dilation == 1 for window in moving):
        return f"{kernel} kernel"
    return f"{kernel} kernel, dilated to {times([window.span for window in moving])},"
