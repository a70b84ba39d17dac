"""`FeatureMap`: the result of an operation, which can write out the arithmetic behind each of its cells."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, final

from numpy.typing import NDArray

from convsight.arithmetic.cell import Cell, Position
from convsight.arithmetic.shapes import Worked
from convsight.arithmetic.sliding_windows import is_inside
from convsight.errors import UserError


@final
@dataclass(frozen=True, eq=False)
class FeatureMap:
    """What an operation makes of an image or volume.

    Shapes: `values` is (channels, *sides) of a volume, (*sides) of a single array; `sides` are the axes the kernel
    moved along, each with its formula. Whole numbers stay whole (int64); everything else is float64.
    """

    operation: str  # such as "cross-correlation"
    values: NDArray[Any]
    sides: tuple[Worked, ...]
    _written_out: Callable[[Position, Any], Cell] = field(repr=False)

    def cell(self, *position: int) -> Cell:
        """The arithmetic of one cell, by its indices into `values`, counted from 0.

        Raises `UserError` where there is no such cell.

        >>> from convsight.arithmetic import max_pool
        >>> print(max_pool([[255, 200, 5, 54], [28, 32, 28, 1]], (2, 2)).cell(0, 0))
        max(255, 200, 28, 32) = 255
        """
        shape = self.values.shape
        if len(position) != len(shape) or not is_inside(position, shape):
            last = tuple(side - 1 for side in shape)
            raise UserError(
                f"there is no cell {position} in a result of {' x '.join(map(str, shape))}; "
                f"they run from {(0,) * len(shape)} to {last}"
            )
        return self._written_out(position, self.values[position].item())
