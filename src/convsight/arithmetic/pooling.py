"""Pooling: each window becomes one number, its maximum, average, sum or Lp norm.

The kernel is given as one number for each axis that is pooled, and these are the last axes: (2, 2) pools an image
(height, width) as well as the maps of a volume (channels, height, width), channel by channel.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from math import prod
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from convsight.arithmetic.cell import Cell, Number, Position, Term, written
from convsight.arithmetic.feature_map import FeatureMap
from convsight.arithmetic.shapes import Window
from convsight.arithmetic.sliding_windows import (
    Padding,
    PerAxis,
    Sides,
    as_numbers,
    is_inside,
    per_axis,
    place_of,
    seen_by,
    windows_over,
    without_overflow,
    worked_sides,
)
from convsight.errors import UserError


def max_pool(
    volume: ArrayLike,
    kernel: Sequence[int],
    *,
    stride: PerAxis | None = None,
    padding: Padding = "valid",
    dilation: PerAxis = 1,
    ceil_mode: bool = False,
) -> FeatureMap:
    """The largest number of each window; padding is never it.

    `stride` is the kernel where it is None. With `ceil_mode` a last window that is only partly over the volume counts.

    >>> print(max_pool([[255, 200, 5, 54], [28, 32, 28, 1], [150, 215, 10, 30], [200, 230, 15, 5]], (2, 2)).values)
    [[255  54]
     [230  30]]

    Raises `UserError` where settings do not match, the kernel does not fit, or a window sees nothing but padding.
    Numbers equal those of PyTorch's `max_pool1d` to `3d` and of ONNX's MaxPool.
    """
    return _pooled(_MAX, volume, kernel, stride, padding, dilation, ceil_mode)


def average_pool(
    volume: ArrayLike,
    kernel: Sequence[int],
    *,
    stride: PerAxis | None = None,
    padding: Padding = "valid",
    dilation: PerAxis = 1,
    ceil_mode: bool = False,
    count_include_pad: bool = False,
) -> FeatureMap:
    """The average of each window, over the cells of the volume alone, or with `count_include_pad` of the padding too.

    What `ceil_mode` adds beyond the padding never counts. Everything else is as in `max_pool`; PyTorch includes the
    padding unless told otherwise, TensorFlow and ONNX do not.

    >>> print(average_pool([[255, 200], [28, 32]], (2, 2)).cell(0, 0))
    (255 + 200 + 28 + 32)/4 = 128.75
    """
    return _pooled(
        _AVERAGE_WITH_PADDING if count_include_pad else _AVERAGE, volume, kernel, stride, padding, dilation, ceil_mode
    )


def sum_pool(
    volume: ArrayLike,
    kernel: Sequence[int],
    *,
    stride: PerAxis | None = None,
    padding: Padding = "valid",
    dilation: PerAxis = 1,
    ceil_mode: bool = False,
) -> FeatureMap:
    """The sum of each window; settings as in `max_pool`.

    >>> print(sum_pool([[255, 200], [28, 32]], (2, 2)).cell(0, 0))
    255 + 200 + 28 + 32 = 515
    """
    return _pooled(_SUM, volume, kernel, stride, padding, dilation, ceil_mode)


def lp_pool(
    volume: ArrayLike,
    kernel: Sequence[int],
    *,
    p: float = 2,
    stride: PerAxis | None = None,
    padding: Padding = "valid",
    dilation: PerAxis = 1,
    ceil_mode: bool = False,
) -> FeatureMap:
    """The Lp norm of each window, (|a|^p + |b|^p + ...)^(1/p); settings as in `max_pool`. Source: ONNX's LpPool.

    >>> print(lp_pool([3, -4], (2,)).cell(0))
    (|3|^2 + |-4|^2)^(1/2) = 5
    """
    if not p > 0:
        raise UserError(f"p = {p} gives no norm; use more than 0")
    return _pooled(_norm(p), volume, kernel, stride, padding, dilation, ceil_mode)


def global_max_pool(volume: ArrayLike) -> FeatureMap:
    """The largest number of every channel: (channels, *sides) to (channels, 1, ...).

    >>> global_max_pool([[1, 5], [7, 3]]).values.tolist()
    [[5], [7]]
    """
    return max_pool(volume, _every_side(volume))


def global_average_pool(volume: ArrayLike) -> FeatureMap:
    """The average of every channel: (channels, *sides) to (channels, 1, ...). Source: Lin et al., 2013.

    >>> global_average_pool([[1, 5], [7, 3]]).values.tolist()
    [[3.0], [5.0]]
    """
    return average_pool(volume, _every_side(volume))


def global_sum_pool(volume: ArrayLike) -> FeatureMap:
    """The sum of every channel: (channels, *sides) to (channels, 1, ...).

    >>> global_sum_pool([[1, 5], [7, 3]]).values.tolist()
    [[6], [10]]
    """
    return sum_pool(volume, _every_side(volume))


@final
@dataclass(frozen=True)
class _Kind:
    """What becomes of a window, as arithmetic on all of them and as the formula of one."""

    operation: str
    # Of windows (*leading, *sides, *kernel) over the axes of the kernel; and how many cells count in each (*sides).
    merge: Callable[[NDArray[Any], tuple[int, ...], NDArray[np.int64]], NDArray[Any]]
    write: Callable[[list[str]], str]
    fill: float = 0  # the value of padding
    counts_padding: bool = False


_MAX = _Kind(
    "max pooling",
    lambda seen, cells, counted: seen.max(axis=cells),
    lambda values: f"max({', '.join(values)})",
    fill=-np.inf,
)
_AVERAGE = _Kind(
    "average pooling",
    lambda seen, cells, counted: seen.sum(axis=cells) / counted,
    lambda values: f"({' + '.join(values)})/{len(values)}",
)
_AVERAGE_WITH_PADDING = replace(_AVERAGE, counts_padding=True)
_SUM = _Kind("sum pooling", lambda seen, cells, counted: seen.sum(axis=cells), " + ".join)


def _norm(p: float) -> _Kind:
    return _Kind(
        f"L{p:g} pooling",
        lambda seen, cells, counted: (np.abs(seen) ** float(p)).sum(axis=cells) ** (1 / p),
        lambda values: f"({' + '.join(f'|{value}|^{p:g}' for value in values)})^(1/{p:g})",
    )


def _pooled(
    kind: _Kind,
    given: ArrayLike,
    kernel: Sequence[int],
    stride: PerAxis | None,
    padding: Padding,
    dilation: PerAxis,
    ceil_mode: bool,
) -> FeatureMap:
    array = as_numbers(given, "volume")
    kernel = _kernel(kernel, array.ndim)
    array = without_overflow(array, factor=prod(kernel))
    sides = array.shape[-len(kernel) :]
    windows = windows_over(sides, kernel, kernel if stride is None else stride, padding, dilation, round_up=ceil_mode)
    outs = worked_sides(sides, windows)
    counted = [
        _counted(window, out.value, _counting(kind, n, window))
        for n, window, out in zip(sides, windows, outs, strict=True)
    ]
    lowest = np.iinfo(array.dtype).min if array.dtype.kind == "i" else -np.inf
    seen = seen_by(array, windows, max(kind.fill, lowest))
    maps = kind.merge(seen, tuple(range(-len(kernel), 0)), reduce(np.multiply.outer, counted))

    def written_out(position: Position, total: Number) -> Cell:
        return _cell(kind, array, windows, position, total)

    return FeatureMap(kind.operation, maps, outs, written_out)


def _cell(kind: _Kind, array: NDArray[Any], windows: tuple[Window, ...], position: Position, total: Number) -> Cell:
    leading, stop = position[: -len(windows)], position[-len(windows) :]
    sides = array.shape[-len(windows) :]
    counting = [_counting(kind, n, window) for n, window in zip(sides, windows, strict=True)]
    terms = []
    for offset in np.ndindex(*(window.kernel for window in windows)):
        place = place_of(stop, offset, windows)
        if all(at in places for at, places in zip(place, counting, strict=True)):
            inside = is_inside(place, sides)
            terms.append(Term(array[(*leading, *place)].item() if inside else 0, (*leading, *place), inside))
    expression = kind.write([written(term.value) for term in terms])
    return Cell(kind.operation, position, tuple(terms), total, expression)


def _counting(kind: _Kind, n: int, window: Window) -> range:
    """The places along one side whose cells count."""
    return range(-window.before, n + window.after) if kind.counts_padding else range(n)


def _counted(window: Window, out: int, counting: range) -> NDArray[np.int64]:
    """How many cells count in each of the `out` windows along one side."""
    places = np.arange(out)[:, np.newaxis] * window.stride - window.before + np.arange(window.kernel) * window.dilation
    counted: NDArray[np.int64] = ((places >= counting.start) & (places < counting.stop)).sum(axis=1)
    if not counted.all():
        raise UserError(
            f"a window of {window.kernel} cells would see nothing but padding; use less than the {window.before} + "
            f"{window.after} cells of padding, or less dilation than {window.dilation}"
        )
    return counted


def _kernel(kernel: int | Sequence[int], axes: int) -> Sides:
    if not isinstance(kernel, Sequence) or not 1 <= len(kernel) <= axes:
        raise UserError(
            f"the kernel {kernel} does not match an array of {axes} axes; give one number for each axis that is "
            "pooled, such as (2, 2) for the last two"
        )
    return per_axis("kernel", kernel, len(kernel), minimum=1)


def _every_side(volume: ArrayLike) -> Sides:
    array = as_numbers(volume, "volume")
    if array.ndim < 2:
        raise UserError(f"global pooling of an array of {array.ndim} axes; expected (channels, *sides)")
    return array.shape[1:]
