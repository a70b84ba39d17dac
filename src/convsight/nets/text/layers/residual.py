"""`Residual`: layers and a shortcut around them, added up."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, prod
from typing import final

from convsight.nets.text.layers.convolutions import Conv, Depthwise, Separable, Transposed
from convsight.nets.text.layers.layer import Layer, Sides
from convsight.nets.text.layers.pools import Pool
from convsight.nets.text.volume import Volume, times


@final
@dataclass(frozen=True, kw_only=True)
class Residual(Layer):
    """What the inner layers give, plus the volume itself.

    Where channels or sides change, the shortcut is a convolution of kernel 1 without bias, with the inner layers'
    stride. Source: He et al., "Deep Residual Learning for Image Recognition", 2016, equation 2.
    """

    layers: tuple[Layer, ...]

    @property
    def word(self) -> str:
        return "residual"

    def after(self, volume: Volume) -> Volume:
        after = volume
        for layer in self.layers:
            after = layer.after(after)
        self.shortcut(volume, after)
        return after

    def shortcut(self, before: Volume, after: Volume) -> Sides | None:
        """The stride of the shortcut's convolution, an axis each; None where it is the volume itself.

        Raises `LayerError` where the two cannot be added.
        """
        if len(before.sides) != len(after.sides):
            raise self.fault("word", f"a {before} volume and the {after} of the layers inside cannot be added")
        stride = tuple(_stride(self.layers, axis) for axis in range(len(before.sides)))
        if any(factor.denominator != 1 for factor in stride):
            raise self.fault("word", f"the layers inside enlarge {before} to {after}, which the shortcut cannot")
        whole = tuple(int(factor) for factor in stride)
        sides = tuple(ceil(n / s) for n, s in zip(before.sides, whole, strict=True))
        if sides != after.sides:
            raise self.fault(
                "word",
                f"the layers inside make {before} to {times(after.sides)}, the shortcut to {times(sides)}: "
                "use `same` inside",
            )
        return whole if prod(whole) != 1 or before.channels != after.channels else None


def _stride(layers: tuple[Layer, ...], axis: int) -> Fraction:
    """How many cells of the volume a step after all of `layers` is."""
    factor = Fraction(1)
    for layer in layers:
        if isinstance(layer, Conv | Depthwise | Separable):
            factor *= _at(layer.stride, axis)
        elif isinstance(layer, Pool):
            factor *= _at(layer.stride or layer.kernel, axis)
        elif isinstance(layer, Transposed):
            factor /= _at(layer.stride, axis)
        elif isinstance(layer, Residual):
            factor *= _stride(layer.layers, axis)
    return factor


def _at(stride: Sides, axis: int) -> int:
    return stride[0] if len(stride) == 1 else stride[axis]
