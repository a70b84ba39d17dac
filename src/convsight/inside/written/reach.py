"""Which part of the picture a cell of a step sees: windows followed back from step to step."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from convsight.inside.written.shown_layers import volume_of
from convsight.inside.written.steps import PICTURE, Call, Step

Interval = tuple[int, int]  # of cells along an axis: the first, and the one behind the last
Box = tuple[Interval, Interval]  # rows, columns

_Back = Callable[[int, int, int], Interval]  # an interval of the result, and the axis -> the interval of what went in


@final
@dataclass(frozen=True)
class Reach:
    """How far the `steps` of a network on a picture of `sides` (rows, columns) see."""

    steps: Sequence[Step]
    back: Mapping[int, _Back]
    sides: tuple[int, int]

    def box(self, index: int, row: int, column: int) -> Box:
        """What of the picture the cell of step `index` sees: rows and columns, as far as they are in the picture.

        Numbers by which whole channels are multiplied see all of it, and are not counted.
        """
        needed: dict[int, Box] = {index: ((row, row + 1), (column, column + 1))}
        for at in range(index, -1, -1):
            if at in needed:
                for source in self.steps[at].sources:
                    if self._is_gate(at, source):
                        continue
                    found = self._before(at, source, needed[at])
                    needed[source] = _both(needed[source], found) if source in needed else found
        return needed[PICTURE]

    def _before(self, at: int, source: int, box: Box) -> Box:
        whole = _whole(self._sides(source))
        if self._sides(at) is None or self._sides(source) is None:
            return whole
        back = self.back.get(at)
        if back is None:
            return box if self._sides(at) == self._sides(source) else whole
        rows, columns = (back(*box[axis], axis) for axis in (0, 1))
        return _within(rows, whole[0]), _within(columns, whole[1])

    def _is_gate(self, at: int, source: int) -> bool:
        return self.steps[at].operation == "mul" and self._sides(source) is None and self._sides(at) is not None

    def _sides(self, index: int) -> tuple[int, int] | None:
        """Rows and columns of what a step gives; None of what has none."""
        if index == PICTURE:
            return self.sides
        shape = self.steps[index].shape
        if len(shape) == 5:  # channels in groups
            return (shape[3], shape[4]) if index in self.back else None
        volume = volume_of(self.steps[index])
        return (volume[0], volume[1]) if len(shape) == 4 and len(volume) == 3 else None


def back_of(call: Call) -> _Back | None:
    """How the window of an operation reaches back; None where each cell is made of the one at its place."""
    arguments = call.arguments
    match call.step.operation:
        case "convolution" if call.result.dim() == 4:
            kernel = arguments[1].shape[2:]
            stride, padding, dilation, transposed = arguments[3:7]
            return (_transposed if transposed else _window)(kernel, stride, padding, dilation)
        case "max_pool2d_with_indices" | "avg_pool2d":
            kernel, given = arguments[1], (*arguments[2:5], *((), (0,), (1,))[len(arguments[2:5]) :])
            dilation = given[2] if call.step.operation == "max_pool2d_with_indices" else (1,)
            return _window(kernel, given[0] or kernel, given[1], dilation)
        case "_adaptive_avg_pool2d":
            sides, counts = arguments[0].shape[2:], arguments[1]
            return lambda first, end, axis: (
                first * sides[axis] // counts[axis],
                -(-end * sides[axis] // counts[axis]),
            )
        case "constant_pad_nd":
            left, top = arguments[1][0], (*arguments[1], 0, 0, 0)[2]
            return _moved(-top, -left)
        case "slice" if len(arguments) < 5 and len(arguments) > 2 and arguments[1] in {2, 3}:
            side, start = arguments[0].shape[arguments[1]], arguments[2] or 0
            start = min(side, start + side if start < 0 else start)
            return _moved(start, 0) if arguments[1] == 2 else _moved(0, start)
    return _moved(0, 0) if _keeps_sides(call) else None


def _keeps_sides(call: Call) -> bool:
    """Whether this leaves each map as it is in a result of five axes, where channels stand in groups."""
    if call.result.dim() != 5 or call.step.channels_last:
        return False
    given, *how = call.arguments
    match call.step.operation:
        case "view" | "_unsafe_view":
            return bool(given.dim() >= 4 and given.shape[-2:] == call.result.shape[-2:])
        case "transpose":
            return all(axis % 5 < 3 for axis in how)
        case "permute":
            return [axis % 5 for axis in how[0][3:]] == [3, 4]
    return call.step.operation == "clone"


def _moved(down: int, across: int) -> _Back:
    return lambda first, end, axis: (first + (down, across)[axis], end + (down, across)[axis])


def _window(kernel: Any, stride: Any, padding: Any, dilation: Any) -> _Back:
    def back(first: int, end: int, axis: int) -> Interval:
        at = -1 if axis else 0
        start = first * stride[at] - padding[at]
        return start, (end - 1) * stride[at] - padding[at] + (kernel[at] - 1) * dilation[at] + 1

    return back


def _transposed(kernel: Any, stride: Any, padding: Any, dilation: Any) -> _Back:
    def back(first: int, end: int, axis: int) -> Interval:
        long = (kernel[axis] - 1) * dilation[axis]
        return math.ceil((first + padding[axis] - long) / stride[axis]), (end - 1 + padding[axis]) // stride[axis] + 1

    return back


def _whole(sides: tuple[int, int] | None) -> Box:
    rows, columns = sides or (1, 1)
    return (0, rows), (0, columns)


def _within(part: Interval, whole: Interval) -> Interval:
    """`part` as far as it is in `whole`; at least one cell of that."""
    first = min(max(part[0], whole[0]), whole[1] - 1)
    return first, max(first + 1, min(part[1], whole[1]))


def _both(one: Box, other: Box) -> Box:
    rows, columns = ((min(a[0], b[0]), max(a[1], b[1])) for a, b in zip(one, other, strict=True))
    return rows, columns
