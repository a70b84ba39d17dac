"""What a windowed operation of PyTorch says about its window: kernel, stride, padding and dilation of each axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from convsight.arithmetic.shapes import Window, Worked, transposed_side, window_side

aten = torch.ops.aten


@dataclass(frozen=True)
class Windows:
    """The windows of one operation over the last axes of its input."""

    over: tuple[Window, ...]
    transposed: bool = False
    output_padding: tuple[int, ...] = ()

    def sides(self, sides: Sequence[int]) -> list[Worked]:
        """The sides that come out, with their formulas."""
        if self.transposed:
            extras = self.output_padding or (0,) * len(self.over)
            return [
                transposed_side(n, window, extra) for n, window, extra in zip(sides, self.over, extras, strict=True)
            ]
        return [window_side(n, window) for n, window in zip(sides, self.over, strict=True)]

    def only(self, axes: Sequence[int]) -> "Windows":
        """The windows of some axes alone."""
        padding = tuple(self.output_padding[axis] for axis in axes) if self.output_padding else ()
        return Windows(tuple(self.over[axis] for axis in axes), self.transposed, padding)

    def with_padding(self, pads: Sequence[tuple[int, int]]) -> "Windows":
        """The same after padding that an operation before it put around the volume."""
        return Windows(
            tuple(
                Window(w.kernel, w.stride, w.before + before, w.after + after, w.dilation, w.round_up)
                for w, (before, after) in zip(self.over, pads, strict=True)
            ),
            self.transposed,
            self.output_padding,
        )


def windows_of(packet: Any, args: Sequence[Any]) -> Windows | None:
    """The windows of the operation `packet` called with `args`; None if it has none."""
    if packet == aten.convolution:
        return _of_convolution(args)
    if packet in _POOLINGS:
        return _of_pooling(args, has_dilation=packet in _WITH_DILATION, axes=_POOLINGS[packet])
    if packet in _ADAPTIVE:
        return _of_adaptive(args)
    return None


_POOLINGS = {
    aten.max_pool2d_with_indices: 2,
    aten.max_pool3d_with_indices: 3,
    aten.avg_pool2d: 2,
    aten.avg_pool3d: 3,
}
_WITH_DILATION = {aten.max_pool2d_with_indices, aten.max_pool3d_with_indices}
_ADAPTIVE = {
    aten._adaptive_avg_pool2d,
    aten._adaptive_avg_pool3d,
    aten.adaptive_max_pool2d,
    aten.adaptive_max_pool3d,
}


def _of_convolution(args: Sequence[Any]) -> Windows:
    weight, stride, padding, dilation, transposed, output_padding = args[1], *args[3:8]
    kernel = weight.shape[2:]
    count = len(kernel)
    numbers = zip(kernel, _each(stride, count), _each(padding, count), _each(dilation, count), strict=True)
    over = tuple(Window(k, s, p, p, d) for k, s, p, d in numbers)
    return Windows(over, transposed, _each(output_padding, count) if transposed else ())


def _of_pooling(args: Sequence[Any], has_dilation: bool, axes: int) -> Windows:
    # After the input stand kernel, stride, padding, of a maximum dilation, and whether to round up.
    rest = [*args[1:], *[None] * 6]
    kernel = _each(rest[0], axes)
    stride = _each(rest[1], axes) if rest[1] else kernel
    padding = _each(rest[2] or 0, axes)
    dilation = _each(rest[3] or 1, axes) if has_dilation else (1,) * axes
    round_up = bool(rest[4] if has_dilation else rest[3])
    numbers = zip(kernel, stride, padding, dilation, strict=True)
    return Windows(tuple(Window(k, s, p, p, d, round_up) for k, s, p, d in numbers))


def _of_adaptive(args: Sequence[Any]) -> Windows:
    """Adaptive pooling to a chosen size: where sides divide, windows of n / out side by side; else the widest one."""
    wanted = args[1]
    sides = args[0].shape[-len(wanted) :]
    return Windows(tuple(_adaptive_window(n, out) for n, out in zip(sides, wanted, strict=True)))


def _adaptive_window(n: int, out: int) -> Window:
    if n % out == 0:
        return Window(n // out, stride=n // out)
    if out > n:  # values are repeated
        return Window(1)
    # Cells i n / out to (i + 1) n / out, rounded outwards, so the widest window has one cell more; stride 1 and
    # what is left over keep the formula true.
    stride = n // out
    return Window(n - (out - 1) * stride, stride=stride)


def _each(value: Any, count: int) -> tuple[int, ...]:
    """One number an axis, where PyTorch allows one for all."""
    values = tuple(value) if isinstance(value, list | tuple | torch.Size) else (value,)
    return values if len(values) == count else values * count
