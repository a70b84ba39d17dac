"""What a convolution works on, checked: a volume, its weights and its bias."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from convsight.arithmetic.cell import Number, Position
from convsight.arithmetic.sliding_windows import Sides, as_numbers, whole, without_overflow
from convsight.errors import UserError


@dataclass(frozen=True)
class Operands:
    """A volume (channels, *sides), weights (two axes of channels, *kernel), and a bias (outputs,) or none.

    With `plain` they were made from single arrays, with one channel each that the caller does not see.
    """

    volume: NDArray[Any]
    weights: NDArray[Any]
    bias: NDArray[Any] | None
    groups: int
    plain: bool

    @property
    def sides(self) -> Sides:
        """The axes a kernel moves along."""
        return self.volume.shape[1:]

    @property
    def kernel(self) -> Sides:
        """Cells of the kernel along those axes."""
        return self.weights.shape[2:]

    def result(self, maps: NDArray[Any]) -> NDArray[Any]:
        """Maps (outputs, *sides) with the bias added, as the caller sees them."""
        if self.bias is not None:
            maps = maps + self.bias.reshape(-1, *(1,) * len(self.sides))
        return maps[0] if self.plain else maps

    def seen(self, position: Position, channel_axes: int) -> Position:
        """A position in the volume or the weights as the caller counts it: of a single array without channels."""
        return position[channel_axes:] if self.plain else position

    def whole(self, position: Position) -> Position:
        """A position in the result with its channel, which that of a single array does not name."""
        return (0, *position) if self.plain else position

    def bias_of(self, channel: int) -> Number | None:
        """The bias of one output channel."""
        return None if self.bias is None else self.bias[channel].item()


def operands(
    image: ArrayLike, kernel: ArrayLike, bias: ArrayLike | None, groups: int, *, transposed: bool = False
) -> Operands:
    """A single array and a kernel with the same axes, or a volume and weights.

    Weights are (outputs, channels / groups, *kernel), those of a transposed convolution (channels, outputs / groups,
    *kernel). Raises `UserError` where axes, channels, groups or bias do not match.
    """
    volume, weights = as_numbers(image, "image"), as_numbers(kernel, "kernel")
    plain = volume.ndim == weights.ndim
    if plain:
        volume, weights = volume[np.newaxis], weights[np.newaxis, np.newaxis]
    elif volume.ndim < 2 or weights.ndim != volume.ndim + 1:
        raise UserError(
            f"an image of {volume.ndim} axes and a kernel of {weights.ndim} do not match; expected as many axes in "
            "both, or a volume (channels, *sides) with a kernel that has one axis more: "
            f"({'channels, outputs' if transposed else 'outputs, channels'} / groups, *kernel)"
        )
    groups = whole("groups", groups, minimum=1)
    outputs = _outputs(volume.shape[0], weights, groups, transposed)
    volume = without_overflow(volume, factor=float(np.abs(weights).sum(dtype=np.float64)))
    return Operands(volume, weights, None if bias is None else _bias(bias, outputs), groups, plain)


def _outputs(channels: int, weights: NDArray[Any], groups: int, transposed: bool) -> int:
    if channels % groups or weights.shape[0] % groups:
        raise UserError(
            f"{groups} groups do not divide {channels} channels and {weights.shape[0]} "
            f"{'inputs' if transposed else 'outputs'} of the kernel; use a number that divides both"
        )
    taken = weights.shape[0] if transposed else weights.shape[1] * groups
    if taken != channels:
        per_group = f" ({weights.shape[1]} in each of {groups} groups)" if groups > 1 and not transposed else ""
        raise UserError(
            f"the image has {channels} channels, the kernel of shape {weights.shape} takes {taken}{per_group}; "
            "expected the same number"
        )
    outputs: int = weights.shape[1] * groups if transposed else weights.shape[0]
    return outputs


def _bias(given: Any, outputs: int) -> NDArray[Any]:
    bias = as_numbers([given] if isinstance(given, int | float) else given, "bias")
    if bias.shape != (outputs,):
        raise UserError(f"a bias of shape {bias.shape} does not match {outputs} outputs; give one number for each")
    return bias
