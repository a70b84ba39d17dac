"""What is longer than the input is cut to its middle, what is shorter lies there between borders; nothing is scaled."""

from collections.abc import Sequence
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.inputs.geometry import InputGeometry
from convsight.inputs.placement import Placement


@final
class MiddleGeometry(InputGeometry):
    """The way of an original of `size`, a side for each of its axes, into the middle of `sides` and back.

    >>> geometry = MiddleGeometry((10,), (4,), channels_last=False)
    >>> geometry.image(np.arange(10.0)[None]).tolist(), geometry.points(np.array([[3.0], [5.5]])).tolist()
    ([[3.0, 4.0, 5.0, 6.0]], [[0.0], [2.5]])
    """

    def __init__(
        self, size: tuple[int, ...], sides: tuple[int, ...], *, channels_last: bool, border: float = 0
    ) -> None:
        self.channels_last = channels_last
        self.border = border
        placements = [_placement(own, side) for own, side in zip(size, sides, strict=True)]
        offset = [(each.first - each.begin) / each.side for each in placements]
        part = (*[0] * len(size), *size)
        super().__init__(size, part, placements, 1 / np.array(sides, np.float64), np.array(offset, np.float64))

    def image(self, image: NDArray[Any]) -> NDArray[Any]:
        """`image` with its sides cut and filled up with borders."""
        first = 0 if self.channels_last else 1
        return cut_to_middle(image, self.sides[::-1], range(first, first + self.axes), self.border)


def cut_to_middle(values: NDArray[Any], sides: Sequence[int], axes: Sequence[int], border: float = 0) -> NDArray[Any]:
    """The middle of `values`, a new array with the given `sides` along `axes`; `border` where there is too little.

    >>> cut_to_middle(np.array([[1, 2]]), [5], [1], border=9).tolist()
    [[9, 1, 2, 9, 9]]
    """
    shape = list(values.shape)
    taken, put = [slice(None)] * values.ndim, [slice(None)] * values.ndim
    for axis, side in zip(axes, sides, strict=True):
        placement = _placement(shape[axis], side)
        shape[axis] = side
        taken[axis] = slice(int(placement.begin), int(placement.end))
        put[axis] = slice(placement.first, placement.first + placement.made)
    found = np.full(shape, border, values.dtype)
    found[tuple(put)] = values[tuple(taken)]
    return found


def _placement(own: int, side: int) -> Placement:
    made = min(own, side)
    begin = (own - made) // 2
    return Placement(begin, begin + made, (side - made) // 2, made, side)
