"""How a kernel moves over an array: one `Window` an axis, what it sees at every stop, and where it stands."""

import operator
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from convsight.arithmetic.cell import Position
from convsight.arithmetic.shapes import Window, Worked, same_padding, window_side
from convsight.errors import UserError

Sides = tuple[int, ...]
PerAxis = int | Sequence[int]
"""One number for every axis, or one for each."""
Padding = Literal["valid", "same"] | int | Sequence[int | tuple[int, int]]
"""`valid` is none, `same` TensorFlow's; else cells at both ends, or for each axis a number or (before, after)."""


_LIMIT = 2**63  # the first number that int64 cannot hold


def as_numbers(given: ArrayLike, what: str) -> NDArray[Any]:
    """An array of int64 where `given` holds whole numbers that fit, of float64 otherwise.

    Raises `UserError` where it holds no numbers, or none at all.
    """
    try:
        array = np.asarray(given)
    except ValueError as error:  # rows of different lengths
        raise UserError(f"the {what} is no array ({error}); all its rows need the same length") from error
    if array.dtype.kind not in "buif":
        raise UserError(f"the {what} holds values of type {array.dtype}; expected numbers")
    if not array.size or not array.ndim:
        raise UserError(f"the {what} has shape {array.shape}; expected at least one axis and one number")
    whole_numbers = array.dtype.kind != "f" and int(array.max()) < _LIMIT
    return array.astype(np.int64 if whole_numbers else np.float64, copy=False)


def without_overflow(array: NDArray[Any], factor: float) -> NDArray[Any]:
    """The array, as float64 where whole numbers, `factor` times as large, could leave int64 and wrap round unseen."""
    fits = array.dtype.kind == "f" or max(int(array.max()), -int(array.min())) * factor < _LIMIT
    return array if fits else array.astype(np.float64)


def whole(what: str, given: int, minimum: int) -> int:
    """A setting that is one whole number.

    Raises `UserError` where it is no whole number, or less than `minimum`.
    """
    try:
        number = operator.index(given)
    except TypeError:
        raise UserError(f"{what} {given!r} is no whole number; use {minimum} or more") from None
    if number < minimum:
        raise UserError(f"{what} {number} is too small; use {minimum} or more")
    return number


def per_axis(what: str, given: PerAxis, axes: int, minimum: int) -> tuple[int, ...]:
    """A setting as one whole number an axis.

    Raises `UserError` where there are more or fewer numbers than axes, or one is less than `minimum`.

    >>> per_axis("stride", 2, axes=3, minimum=1)
    (2, 2, 2)
    """
    numbers = tuple(given) if isinstance(given, Sequence) else (given,) * axes
    if len(numbers) != axes:
        raise UserError(f"{what} {given} is for {len(numbers)} axes, but there are {axes}; give one number for each")
    return tuple(whole(what, number, minimum) for number in numbers)


def windows_over(
    sides: Sides,
    kernel: Sides,
    stride: PerAxis = 1,
    padding: Padding = "valid",
    dilation: PerAxis = 1,
    *,
    round_up: bool = False,
) -> tuple[Window, ...]:
    """The window of each axis for a kernel of shape `kernel` over an array of shape `sides`.

    Raises `UserError` where a setting has the wrong number of axes or an impossible value.

    >>> windows_over((5, 6), (3, 3), stride=2, padding="same")[1]
    Window(kernel=3, stride=2, before=0, after=1, dilation=1, round_up=False)
    """
    strides = per_axis("stride", stride, len(kernel), minimum=1)
    dilations = per_axis("dilation", dilation, len(kernel), minimum=1)
    if padding == "same":
        pads = tuple(map(same_padding, sides, kernel, strides, dilations))
    else:
        pads = paddings(padding, len(kernel))
    return tuple(
        Window(cells, step, before, after, apart, round_up)
        for cells, step, (before, after), apart in zip(kernel, strides, pads, dilations, strict=True)
    )


def paddings(padding: Padding, axes: int) -> tuple[tuple[int, int], ...]:
    """The cells (before, after) each axis, of any padding but `same`, which needs the sides.

    >>> paddings((1, (0, 2)), axes=2)
    ((1, 1), (0, 2))
    """
    if not isinstance(padding, Sequence):
        return (_both_ends(padding),) * axes
    if padding == "valid":
        return ((0, 0),) * axes
    if isinstance(padding, str):
        raise UserError(f"unknown padding {padding!r}; use 'valid', 'same' or a number of cells")
    if len(padding) != axes:
        raise UserError(f"padding {padding} is for {len(padding)} axes, but there are {axes}; give one entry for each")
    return tuple(map(_both_ends, padding))


def worked_sides(sides: Sides, windows: Sequence[Window]) -> tuple[Worked, ...]:
    """The sides that come out.

    Raises `UserError` where the kernel does not fit.
    """
    worked = tuple(map(window_side, sides, windows))
    for axis, (n, window, out) in enumerate(zip(sides, windows, worked, strict=True)):
        if out.value < 1:
            raise UserError(
                f"a kernel that spans {window.span} cells does not fit into the {n} + {window.before} + {window.after} "
                f"cells of axis {axis} and its padding; use a smaller kernel, less dilation or more padding"
            )
    return worked


def seen_by(array: NDArray[Any], windows: Sequence[Window], fill: float) -> NDArray[Any]:
    """What the kernel sees at every stop: (*leading axes, *sides that come out, *kernel), padding being `fill`.

    The windows are those of the last axes of `array`. The result is a view of the padded array, read-only.

    >>> seen_by(np.array([1, 2, 3]), [Window(2, before=1)], fill=0).tolist()
    [[0, 1], [1, 2], [2, 3]]
    """
    leading = array.ndim - len(windows)
    sides = array.shape[leading:]
    outs = [side.value for side in worked_sides(sides, windows)]
    # As far as the last window reaches: less than the padding, or beyond it where the side was rounded up.
    ends = [
        (window.before, max(0, (out - 1) * window.stride + window.span - n - window.before))
        for n, window, out in zip(sides, windows, outs, strict=True)
    ]
    padded = np.pad(array, [(0, 0)] * leading + ends, constant_values=fill)
    seen = sliding_window_view(padded, [w.span for w in windows], axis=range(leading, array.ndim))  # type: ignore[call-overload]
    stops = [slice(0, (out - 1) * w.stride + 1, w.stride) for w, out in zip(windows, outs, strict=True)]
    cells = [slice(None, None, w.dilation) for w in windows]
    view: NDArray[Any] = seen[(slice(None),) * leading + (*stops, *cells)]
    return view


def place_of(stop: Position, offset: Position, windows: Sequence[Window]) -> Position:
    """Where in the array the kernel's cell `offset` lies at `stop`; in the padding it is negative or past the end."""
    return tuple(
        at * w.stride - w.before + w.dilation * cell for at, cell, w in zip(stop, offset, windows, strict=True)
    )


def is_inside(place: Position, sides: Sides) -> bool:
    """Whether a place is in the array itself, not in its padding."""
    return all(0 <= at < side for at, side in zip(place, sides, strict=True))


def _both_ends(end: int | tuple[int, int]) -> tuple[int, int]:
    if not isinstance(end, Sequence):
        end = (end, end)
    if len(end) != 2:
        raise UserError(f"padding {end} of one axis has {len(end)} numbers; give one, or two: (before, after)")
    return whole("padding", end[0], minimum=0), whole("padding", end[1], minimum=0)
