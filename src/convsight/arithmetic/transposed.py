"""Transposed convolution: every cell of the image puts the whole kernel, times its value, onto a larger result."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from convsight.arithmetic.cell import Cell, Number, Position, Term, sum_of_products
from convsight.arithmetic.feature_map import FeatureMap
from convsight.arithmetic.operands import Operands, operands
from convsight.arithmetic.shapes import Window, Worked, same_padding, transposed_side
from convsight.arithmetic.sliding_windows import Padding, PerAxis, Sides, is_inside, paddings, per_axis
from convsight.errors import UserError


def transposed_convolution(
    image: ArrayLike,
    kernel: ArrayLike,
    *,
    bias: ArrayLike | None = None,
    stride: PerAxis = 1,
    padding: Padding = "valid",
    output_padding: PerAxis = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
) -> FeatureMap:
    """The linear map that is the transpose of a cross-correlation with the same settings; it undoes its shape.

    `padding` cells are cut off the result at both ends, and `output_padding` cells that would have been cut off, or are
    zero, are kept at the far end. `same` gives stride times as many cells as come in, as TensorFlow does.

    Shapes: single arrays, or `image` (channels, *sides), `kernel` (channels, outputs / groups, *kernel), `bias`
    (outputs,), and the result (outputs, *sides).

    >>> found = transposed_convolution([1, 2], [1, 10, 100], stride=2)
    >>> found.values.tolist(), str(found.sides[0])
    ([1, 10, 102, 20, 200], '(2 - 1)*2 + 3 = 5')
    >>> print(found.cell(2))
    1*100 + 2*1 = 102

    Raises `UserError` where shapes or settings do not match, or no cell is left. Source: Dumoulin and Visin, 2016,
    section 4; numbers equal those of PyTorch's `conv_transpose1d` to `3d`.
    """
    given = operands(image, kernel, bias, groups, transposed=True)
    windows, extra = _windows(given, stride, padding, output_padding, dilation)
    spread = _Spread(given, windows, extra)
    return FeatureMap(_OPERATION, spread.values(), spread.sides(), spread.cell)


_OPERATION = "transposed convolution"


@final
@dataclass(frozen=True)
class _Spread:
    """A volume spread by a kernel: all cells at once, or one of them term by term. `extra` is the output padding."""

    given: Operands
    windows: tuple[Window, ...]
    extra: Sides

    def sides(self) -> tuple[Worked, ...]:
        worked = tuple(map(transposed_side, self.given.sides, self.windows, self.extra))
        for axis, (side, window) in enumerate(zip(worked, self.windows, strict=True)):
            if side.value < 1:
                raise UserError(
                    f"padding {window.before} + {window.after} leaves no cell of axis {axis} ({side}); use less padding"
                )
        return worked

    def values(self) -> NDArray[Any]:
        given, outs = self.given, [side.value for side in self.sides()]
        volume = given.volume.reshape(given.groups, -1, *given.sides)
        weights = given.weights.reshape(given.groups, -1, *given.weights.shape[1:])
        uncut = [out + w.before + w.after for out, w in zip(outs, self.windows, strict=True)]
        maps = np.zeros((given.groups, weights.shape[2], *uncut), np.result_type(volume, weights))
        for offset in np.ndindex(given.kernel):
            reached = tuple(
                slice(w.dilation * cell, w.dilation * cell + (n - 1) * w.stride + 1, w.stride)
                for w, cell, n in zip(self.windows, offset, given.sides, strict=True)
            )
            maps[:, :, *reached] += np.einsum("gi...,gio->go...", volume, weights[:, :, :, *offset])
        kept = tuple(slice(w.before, w.before + out) for w, out in zip(self.windows, outs, strict=True))
        return given.result(maps[:, :, *kept].reshape(-1, *outs))

    def cell(self, position: Position, total: Number) -> Cell:
        given = self.given
        output, *stop = given.whole(position)
        inputs, outputs = given.weights.shape[0] // given.groups, given.weights.shape[1]
        group, column = divmod(output, outputs)
        terms = tuple(
            Term(
                given.volume[(channel, *place)].item(),
                given.seen((channel, *place), channel_axes=1),
                weight=given.weights[(channel, column, *offset)].item(),
                weight_position=given.seen((channel, column, *offset), channel_axes=2),
            )
            for channel in range(group * inputs, (group + 1) * inputs)
            for place, offset in self._reaching(tuple(stop))
        )
        bias = given.bias_of(output)
        return Cell(_OPERATION, position, terms, total, sum_of_products(terms, bias), bias)

    def _reaching(self, stop: Position) -> list[tuple[Position, Position]]:
        """The places of the image from which the kernel reaches `stop`, each with the kernel's cell that does."""
        pairs = []
        for offset in np.ndindex(self.given.kernel):
            steps = [
                divmod(at + w.before - w.dilation * cell, w.stride)
                for at, cell, w in zip(stop, offset, self.windows, strict=True)
            ]
            place = tuple(whole for whole, _ in steps)
            if not any(rest for _, rest in steps) and is_inside(place, self.given.sides):
                pairs.append((place, offset))
        return sorted(pairs)


def _windows(
    given: Operands, stride: PerAxis, padding: Padding, output_padding: PerAxis, dilation: PerAxis
) -> tuple[tuple[Window, ...], Sides]:
    axes = len(given.kernel)
    strides = per_axis("stride", stride, axes, minimum=1)
    dilations = per_axis("dilation", dilation, axes, minimum=1)
    extra = per_axis("output_padding", output_padding, axes, minimum=0)
    for cells, step, apart in zip(extra, strides, dilations, strict=True):
        if cells and cells >= max(step, apart):
            raise UserError(f"output_padding {cells} must be less than the stride {step} or the dilation {apart}")
    if padding == "same":
        # The padding of the convolution whose shape this one undoes; where its kernel is shorter than its stride, it
        # left cells unseen at the far end.
        grown = [n * step for n, step in zip(given.sides, strides, strict=True)]
        ends = tuple(map(same_padding, grown, given.kernel, strides, dilations))
    else:
        ends = paddings(padding, axes)
    windows = tuple(
        Window(cells, step, before, after, apart)
        for cells, step, (before, after), apart in zip(given.kernel, strides, ends, dilations, strict=True)
    )
    if padding == "same":
        extra = tuple(cells + max(0, w.stride - w.span) for cells, w in zip(extra, windows, strict=True))
    return windows, extra
