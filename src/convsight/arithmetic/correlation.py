"""Cross-correlation and true convolution, in any number of dimensions, of single arrays and of volumes.

Cross-correlation multiplies what the kernel covers by the kernel as it is: what every deep-learning layer computes
under the name of convolution. The convolution of mathematics flips the kernel along every axis first. For an edge
kernel the two differ in sign, so a result says which of them it is.
"""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from convsight.arithmetic.cell import Cell, Number, Position, Term, sum_of_products
from convsight.arithmetic.feature_map import FeatureMap
from convsight.arithmetic.operands import Operands, operands
from convsight.arithmetic.shapes import Window
from convsight.arithmetic.sliding_windows import (
    Padding,
    PerAxis,
    is_inside,
    place_of,
    seen_by,
    windows_over,
    worked_sides,
)


def cross_correlation(
    image: ArrayLike,
    kernel: ArrayLike,
    *,
    bias: ArrayLike | None = None,
    stride: PerAxis = 1,
    padding: Padding = "valid",
    dilation: PerAxis = 1,
    groups: int = 1,
) -> FeatureMap:
    """The sum, at every stop of the kernel, of what it covers times its weights: the "convolution" of a network.

    Shapes: either `image` and `kernel` have the same axes and no channels, or `image` is (channels, *sides),
    `kernel` (outputs, channels / groups, *kernel), `bias` (outputs,), and the result (outputs, *sides). Padding is 0.

    >>> found = cross_correlation([[8, 2, 5], [4, 5, 6], [2, 9, 4]], [[-1, 0, 1]] * 3)
    >>> print(found.cell(0, 0))
    8*-1 + 2*0 + 5*1 + 4*-1 + 5*0 + 6*1 + 2*-1 + 9*0 + 4*1 = 1

    Raises `UserError` where shapes or settings do not match, or the kernel does not fit. Source: Goodfellow, Bengio and
    Courville, "Deep Learning", 2016, equation 9.6; numbers equal those of PyTorch's `conv1d`, `conv2d` and `conv3d`.
    """
    given = operands(image, kernel, bias, groups)
    return _slid(_Slide(given, windows_over(given.sides, given.kernel, stride, padding, dilation), flipped=False))


def convolution(
    image: ArrayLike,
    kernel: ArrayLike,
    *,
    bias: ArrayLike | None = None,
    stride: PerAxis = 1,
    padding: Padding = "valid",
    dilation: PerAxis = 1,
    groups: int = 1,
) -> FeatureMap:
    """The convolution of mathematics: cross-correlation with the kernel flipped along every axis but its channels.

    Shapes, settings and errors are those of `cross_correlation`. Source: Goodfellow et al., equation 9.5.

    >>> convolution([1, 2, 4, 8], [1, 0, -1]).values.tolist()
    [3, 6]
    >>> cross_correlation([1, 2, 4, 8], [1, 0, -1]).values.tolist()
    [-3, -6]
    """
    given = operands(image, kernel, bias, groups)
    return _slid(_Slide(given, windows_over(given.sides, given.kernel, stride, padding, dilation), flipped=True))


@final
@dataclass(frozen=True)
class _Slide:
    """A kernel moved over a volume: all sums at once, or one of them term by term."""

    given: Operands
    windows: tuple[Window, ...]
    flipped: bool

    @property
    def operation(self) -> str:
        return "convolution (kernel flipped)" if self.flipped else "cross-correlation"

    def values(self) -> NDArray[Any]:
        given, axes = self.given, len(self.windows)
        seen = seen_by(given.volume, self.windows, fill=0)
        seen = seen.reshape(given.groups, -1, *seen.shape[1:])
        weights = np.flip(given.weights, tuple(range(2, 2 + axes))) if self.flipped else given.weights
        weights = weights.reshape(given.groups, -1, *weights.shape[1:])
        # einsum with numbered axes, since there may be any number of them.
        group, output, channel = 0, 1, 2
        stops, cells = list(range(3, 3 + axes)), list(range(3 + axes, 3 + 2 * axes))
        maps = np.einsum(
            seen, [group, channel, *stops, *cells], weights, [group, output, channel, *cells], [group, output, *stops]
        )
        return given.result(maps.reshape(-1, *maps.shape[2:]))

    def cell(self, position: Position, total: Number) -> Cell:
        given = self.given
        output, *stop = given.whole(position)
        outputs, inputs = given.weights.shape[:2]
        group = output // (outputs // given.groups)
        first = group * inputs  # the channel of the volume that the group begins with
        terms = tuple(
            self._term(output, channel, first, tuple(stop), offset)
            for channel in range(inputs)
            for offset in np.ndindex(given.kernel)
        )
        bias = given.bias_of(output)
        return Cell(self.operation, position, terms, total, sum_of_products(terms, bias), bias)

    def _term(self, output: int, channel: int, first: int, stop: Position, offset: Position) -> Term:
        given = self.given
        place = place_of(stop, offset, self.windows)
        inside = is_inside(place, given.sides)
        mirrored = tuple(cells - 1 - at for cells, at in zip(given.kernel, offset, strict=True))
        where = (output, channel, *(mirrored if self.flipped else offset))
        return Term(
            given.volume[(first + channel, *place)].item() if inside else 0,
            given.seen((first + channel, *place), channel_axes=1),
            inside,
            given.weights[where].item(),
            given.seen(where, channel_axes=2),
        )


def _slid(slide: _Slide) -> FeatureMap:
    return FeatureMap(slide.operation, slide.values(), worked_sides(slide.given.sides, slide.windows), slide.cell)
