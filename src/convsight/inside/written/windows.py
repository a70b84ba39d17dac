"""Convolutions and poolings written out: the patch under the window, the kernel, and their sum."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.arithmetic.cell import written
from convsight.inside.written.steps import Call
from convsight.inside.written.sum import Place, Values, Worked, listed, numbers, products, strongest_first

# What of a side each place of a window touches; None where that is padding.
Touched = list[int | None]


def convolution(call: Call, place: Place) -> Worked | None:
    """Patch times kernel, channel by channel, and the bias; of a transposed one the cells that reach this one."""
    volume, weight, bias, stride, padding, dilation, transposed, _, groups = call.arguments[:9]
    if volume.dim() != 4:
        return None
    _, channel, *at = place
    channels, kernel = _kernel(weight, channel, groups, volume.shape[1], transposed)
    sides = [
        _touched(at[axis], kernel.shape[axis + 1], volume.shape[axis + 2], transposed,
                 stride[axis], padding[axis], dilation[axis])
        for axis in (0, 1)
    ]  # fmt: skip
    patch = _patch(volume, channels, sides)
    sums = (patch * kernel).sum(axis=(1, 2))
    own = None if bias is None else float(bias.detach()[channel])
    total = float(sums.sum()) + (own or 0.0)
    shown = strongest_first(sums)
    flat = [n * patch[0].size + inner for n in shown for inner in range(patch[0].size)]
    parts = {
        "rows": sides[0],
        "columns": sides[1],
        "channels": [
            {
                "channel": channels.start + n,
                "patch": listed(patch[n]),
                "kernel": listed(kernel[n]),
                "sum": float(sums[n]),
            }
            for n in shown
        ],
        "others": {"count": len(sums) - len(shown), "sum": float(sums.sum() - sums[shown].sum())},
        "bias": own,
    }
    return Worked(total, products(patch.ravel(), kernel.ravel(), flat, own, total), parts)


def max_pooling(call: Call, place: Place) -> Worked | None:
    """The largest value of the window."""
    volume, kernel, stride, padding, dilation = _pooling(call.arguments, with_dilation=True)
    patch, sides = _window(volume, place, kernel, stride, padding, dilation)
    inside = _inside(sides)
    total = float(patch[inside].max())
    text = f"max({_list(patch[inside])}) = {written(total)}"
    return Worked(total, text, {"rows": sides[0], "columns": sides[1], "window": listed(patch)})


def average_pooling(call: Call, place: Place) -> Worked | None:
    """The mean of the window, with padding as the network counts it."""
    volume, kernel, stride, padding, _ = _pooling(call.arguments, with_dilation=False)
    told = call.arguments[5:7]
    counts_padding = told[0] if told else True
    divisor = told[1] if len(told) > 1 else None
    patch, sides = _window(volume, place, kernel, stride, padding, (1, 1))
    if not counts_padding:
        within = math.prod(sum(at is not None for at in side) for side in sides)
    else:  # the last window may reach beyond the padding, which then counts no more
        starts = [place[axis + 2] * stride[axis] - padding[axis] for axis in (0, 1)]
        ends = [volume.shape[axis + 2] + padding[axis] for axis in (0, 1)]
        within = math.prod(min(starts[axis] + kernel[axis], ends[axis]) - starts[axis] for axis in (0, 1))
    return _mean(patch, sides, divisor or within)


def adaptive_average_pooling(call: Call, place: Place) -> Worked | None:
    """The mean of the part of the map that falls to this cell: rows floor(i n / m) to ceil((i + 1) n / m)."""
    volume, sides = call.arguments[:2]
    _, channel, *at = place
    parts = [
        list(range(at[axis] * n // sides[axis], -(-(at[axis] + 1) * n // sides[axis])))
        for axis, n in enumerate(volume.shape[2:])
    ]
    patch = numbers(volume[0, channel])[np.ix_(parts[0], parts[1])]
    return _mean(patch, [list(parts[0]), list(parts[1])], patch.size)


def _mean(patch: Values, sides: Sequence[Sequence[int | None]], count: int) -> Worked:
    total = float(patch.sum() / count)
    text = f"({_list(patch.ravel(), ' + ')})/{count} = {written(total)}"
    return Worked(total, text, {"rows": sides[0], "columns": sides[1], "window": listed(patch), "divisor": count})


def _kernel(weight: Any, channel: int, groups: int, channels: int, transposed: bool) -> tuple[range, Values]:
    """The channels of its group that an output `channel` is made of, and the kernel (channels, rows, columns)."""
    each = channels // groups
    if not transposed:
        group = channel // (weight.shape[0] // groups)
        return range(group * each, (group + 1) * each), numbers(weight[channel])
    group, inner = divmod(channel, weight.shape[1])
    taken = range(group * each, (group + 1) * each)
    return taken, numbers(weight[taken.start : taken.stop, inner])


def _touched(at: int, kernel: int, side: int, transposed: bool, stride: int, padding: int, dilation: int) -> Touched:
    """Which cells of a side of the input the kernel meets for the cell `at` of the output."""
    found: Touched = []
    for step in range(kernel):
        if transposed:
            place, rest = divmod(at + padding - step * dilation, stride)
        else:
            place, rest = at * stride - padding + step * dilation, 0
        found.append(place if rest == 0 and 0 <= place < side else None)
    return found


def _patch(volume: Any, channels: range, sides: Sequence[Touched]) -> Values:
    """The cells (channels, rows, columns) that are touched, 0 where there are none."""
    rows, columns = ([0 if place is None else place for place in side] for side in sides)
    taken = numbers(volume[0, channels.start : channels.stop][:, rows][:, :, columns])
    inside = _inside(sides)
    return np.where(inside[None], taken, 0.0)


def _inside(sides: Sequence[Touched]) -> NDArray[np.bool_]:
    """Whether the cells (rows, columns) of a window are of the map, and not of what is around it."""
    rows, columns = sides
    return np.array([[row is not None and column is not None for column in columns] for row in rows])


def _window(
    volume: Any, place: Place, kernel: Sequence[int], stride: Sequence[int], padding: Sequence[int],
    dilation: Sequence[int],
) -> tuple[Values, list[Touched]]:  # fmt: skip
    _, channel, *at = place
    sides = [
        _touched(at[axis], kernel[axis], volume.shape[axis + 2], False, stride[axis], padding[axis], dilation[axis])
        for axis in (0, 1)
    ]
    return _patch(volume, range(channel, channel + 1), sides)[0], sides


def _pooling(arguments: tuple[Any, ...], *, with_dilation: bool) -> tuple[Any, ...]:
    """The input, and kernel, stride, padding and dilation of both sides; a stride that is not told is the kernel."""
    volume, kernel = arguments[:2]
    stride = arguments[2] if len(arguments) > 2 and arguments[2] else kernel
    padding = arguments[3] if len(arguments) > 3 else (0,)
    dilation = arguments[4] if with_dilation and len(arguments) > 4 else (1,)
    return (volume, *(_two(sides) for sides in (kernel, stride, padding, dilation)))


def _two(sides: Sequence[int]) -> tuple[int, int]:
    return (sides[0], sides[-1])


def _list(values: Values, between: str = ", ") -> str:
    flat = [written(float(value)) for value in values.ravel()[:9]]
    more = [f"{values.size - 9} more"] if values.size > 9 else []
    return between.join(flat + more)
