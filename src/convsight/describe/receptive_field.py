"""Receptive fields: how much of the input a value of a map depends on, followed from operation to operation.

Source: Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill, 2019.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from convsight.arithmetic.shapes import Window


@dataclass(frozen=True)
class Axis:
    """One spatial axis of a map. In input cells: `size` a value depends on, `jump` between two neighbours.

    `start` is where the field of the first value begins, before 0 where that reaches into padding. Behind transposed
    convolutions and resampling, whose values see alternately more and less, it is right on average. Once a value
    depends on all positions, a field cannot grow any more: `complete`.
    """

    cells: int  # of the map itself
    size: Fraction = Fraction(1)
    jump: Fraction = Fraction(1)
    complete: bool = False
    start: Fraction = Fraction(0)

    def reach(self, cell: int) -> tuple[float, float]:
        """Where the field of the value at `cell` begins and ends in the input, padding included.

        >>> Axis(28).after(Window(3, stride=2, before=1, after=1), 14).reach(5)
        (9.0, 12.0)
        """
        if self.complete:
            return -math.inf, math.inf
        first = self.start + cell * self.jump
        return float(first), float(first + self.size)

    def _seen(self, more: Fraction) -> Fraction:
        return self.size if self.complete else self.size + more

    def after(self, window: Window, cells: int) -> "Axis":
        """The axis after a window moved over it and left `cells`."""
        start = self.start - window.before * self.jump
        return Axis(cells, self._seen((window.span - 1) * self.jump), self.jump * window.stride, self.complete, start)

    def after_transposed(self, window: Window, cells: int) -> "Axis":
        """The axis after a transposed convolution, where every value reaches `window.span` cells of a finer map."""
        jump = self.jump / window.stride
        # A value of the finer map lies under at most ceil(span / stride) values of the coarse one.
        more = (-(-window.span // window.stride) - 1) * self.jump
        # The first is (i + before - span + 1) / stride rounded up, which adds (stride - 1) / 2 / stride on average.
        first = Fraction(2 * (window.before - window.span) + window.stride + 1, 2 * window.stride)
        return Axis(cells, self._seen(more), jump, self.complete, self.start + first * self.jump)

    def resized(self, cells: int, reach: int) -> "Axis":
        """The axis after resampling to `cells`, each made from `reach` neighbours."""
        jump = self.jump * self.cells / cells
        start = self.start + (jump - self.jump) / 2 - (reach - 1) * self.jump / 2
        return Axis(cells, self._seen((reach - 1) * self.jump), jump, self.complete, start)

    def joined(self, other: "Axis") -> "Axis":
        """The axis of values made from both: two branches of as many cells, or a map and one value for all of it."""
        jump = min(self.jump, other.jump) if self.cells != other.cells else max(self.jump, other.jump)
        widest = max(self, other, key=lambda axis: axis.size)
        return Axis(max(self.cells, other.cells), widest.size, jump, self.complete or other.complete, widest.start)

    @property
    def whole(self) -> "Axis":
        """The axis seen at once, as by a dense layer after flattening."""
        return Axis(1, self._seen((self.cells - 1) * self.jump), self.jump * self.cells, True, self.start)


@dataclass(frozen=True)
class Field:
    """The receptive field of the values of one tensor: its spatial axes, and where in the tensor they are.

    `places` is empty where a view merged the axes with others. `flat` says that they were merged with the channels
    into one vector an image.
    """

    axes: tuple[Axis, ...]
    places: tuple[int, ...]
    flat: bool = False

    @classmethod
    def of_input(cls, shape: Sequence[int]) -> "Field":
        """The field of a batch of images (batch, channels, *sides).

        >>> Field.of_input((1, 3, 8, 8)).text
        '1x1'
        """
        places = tuple(range(2, len(shape)))
        return cls(tuple(Axis(shape[place]) for place in places), places)

    def windowed(self, windows: Mapping[int, Window], shape: Sequence[int], transposed: bool = False) -> "Field":
        """After windows that moved over the tensor's axes with these numbers and gave a tensor of `shape`."""
        moved = []
        for axis, place in zip(self.axes, self.places, strict=False):
            step = axis.after_transposed if transposed else axis.after
            moved.append(step(windows[place], shape[place]) if place in windows else axis)
        return replace(self, axes=tuple(moved)) if self.places else self

    def padded(self, shape: Sequence[int], before: Mapping[int, int]) -> "Field":
        """After padding to `shape`: other cells, each seeing as much as before.

        `before` is how many came before the first along an axis of the tensor; fewer than none were cut off.
        """
        cells = [
            replace(axis, cells=shape[place], start=axis.start - before.get(place, 0) * axis.jump)
            for axis, place in zip(self.axes, self.places, strict=False)
        ]
        return replace(self, axes=tuple(cells)) if self.places else self

    def resized(self, shape: Sequence[int], reach: int) -> "Field":
        """After resampling to `shape`, each value made from `reach` neighbours along an axis."""
        axes = [axis.resized(shape[place], reach) for axis, place in zip(self.axes, self.places, strict=False)]
        return replace(self, axes=tuple(axes)) if self.places else self

    def viewed(self, shape: Sequence[int], batch: int) -> "Field":
        """After a view of another shape; the spatial axes are found again where they still stand side by side."""
        count, sides = len(self.axes), tuple(axis.cells for axis in self.axes)
        if count and tuple(shape[1 : 1 + count]) == sides and len(shape) == count + 2 and self.places != (1,):
            # Channels last, or channels first with as many channels as cells: only the former comes from a view.
            last = tuple(shape[2:]) != sides or self.places[:1] == (1,)
            return replace(self, places=tuple(range(1, 1 + count) if last else range(2, 2 + count)), flat=False)
        if count and tuple(shape[2:]) == sides:
            return replace(self, places=tuple(range(2, 2 + count)), flat=False)
        return replace(self, places=(), flat=len(shape) == 2 and shape[0] == batch)

    def permuted(self, order: Sequence[int]) -> "Field":
        """After its axes were put into this order."""
        return replace(self, places=tuple(order.index(place) for place in self.places))

    def squeezed(self, shape: Sequence[int], place: int, added: bool) -> "Field":
        """After an axis of one cell was added or removed at `place`."""
        shift = 1 if added else -1
        if not added and place in self.places:
            return self.viewed(shape, batch=0)
        return replace(self, places=tuple(p + shift if p >= place else p for p in self.places))

    @property
    def whole(self) -> "Field":
        """Where one value depends on all positions, as after a dense layer over a flattened map."""
        return Field(tuple(axis.whole for axis in self.axes), ())

    def joined(self, other: "Field") -> "Field":
        """Of a value made from values of both, as by adding or joining two branches."""
        if len(self.axes) != len(other.axes):
            return max(self, other, key=lambda field: max((axis.size for axis in field.axes), default=Fraction(0)))
        pairs = zip(self.axes, other.axes, strict=True)
        return Field(tuple(a.joined(b) for a, b in pairs), self.places or other.places, self.flat and other.flat)

    @property
    def all_seen(self) -> "Field":
        """Where every position depends on all, as after attention; for one inside windows an upper bound."""
        axes = tuple(replace(axis.whole, cells=axis.cells, jump=axis.jump) for axis in self.axes)
        return replace(self, axes=axes)

    @property
    def text(self) -> str:
        """Height x width in input cells."""
        if self.axes and all(axis.complete for axis in self.axes):
            return "all"
        return "x".join(_number(axis.size) for axis in self.axes)

    @property
    def jump_text(self) -> str:
        """The jump, once where it is the same in every direction."""
        jumps = [_number(axis.jump) for axis in self.axes]
        return jumps[0] if len(set(jumps)) == 1 else "x".join(jumps)


def _number(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.4g}"
