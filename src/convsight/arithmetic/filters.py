"""The classic kernels of image processing by name, and kernels written as text.

They are written for cross-correlation: `sobel-x` answers a step from dark to bright, left to right, with a positive
number.
"""

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.arithmetic.cell import Number
from convsight.errors import UserError, unknown_name

Rows = tuple[tuple[Number, ...], ...]


@dataclass(frozen=True)
class Kernel:
    """A two-dimensional kernel: its numbers, and what all of them are divided by."""

    name: str
    rows: Rows
    source: str
    divisor: Number = 1

    @property
    def weights(self) -> NDArray[Any]:
        """The weights (rows, columns): int64 where all are whole numbers, else float64."""
        numbers = np.array(self.rows)
        return numbers if self.divisor == 1 else numbers / self.divisor

    @property
    def finds_changes(self) -> bool:
        """Whether the weights add up to zero, so that an even area answers 0: a kernel for edges."""
        numbers = [number for row in self.rows for number in row]
        return abs(math.fsum(numbers)) <= 1e-9 * math.fsum(map(abs, numbers))


def find_kernel(text: str) -> Kernel:
    """The kernel of this name, or the one whose rows of numbers `text` holds, with `/ 9` behind them to divide by 9.

    >>> find_kernel("-1 0 1; -1 0 1; -1 0 1").weights.tolist()
    [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]]
    >>> find_kernel("sobel").name
    Traceback (most recent call last):
    convsight.errors.UserError: unknown kernel 'sobel'; did you mean sobel-y, sobel-x?

    Raises `UserError` for an unknown name, for rows of different lengths and for what is no number.
    """
    name = " ".join(text.strip().replace("\n", "; ").split())
    if name in KERNELS:
        return KERNELS[name]
    if re.match(r"[a-z]", name, re.IGNORECASE):
        raise unknown_name("kernel", name, KERNELS)
    numbers, slash, divisor = name.partition("/")
    rows = tuple(tuple(_number(word, text) for word in re.split(r"[\s,]+", row.strip())) for row in numbers.split(";"))
    if len({len(row) for row in rows}) > 1:
        raise UserError(
            f"the rows of kernel {text!r} have {', '.join(str(len(row)) for row in rows)} numbers; "
            "give all of them the same"
        )
    return Kernel(name, rows, "given as numbers", _divisor(divisor, text) if slash else 1)


def _number(word: str, text: str) -> Number:
    try:
        return int(word)
    except ValueError:
        pass
    try:
        number = float(word)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UserError(
            f"{word!r} in kernel {text!r} is no number; expected a name, or rows such as '-1 0 1; -1 0 1; -1 0 1', "
            "with ' / 9' behind them to divide by 9"
        )
    return number


def _divisor(word: str, text: str) -> Number:
    divisor = _number(word.strip(), text)
    if divisor == 0:
        raise UserError(f"kernel {text!r} divides by 0; use another divisor")
    return divisor


def _table(*kernels: Kernel) -> dict[str, Kernel]:
    return {kernel.name: kernel for kernel in kernels}


_SOBEL = "Sobel and Feldman, an isotropic 3x3 gradient operator, 1968"
_PREWITT = "Prewitt, Object enhancement and extraction, 1970"
_SCHARR = "Scharr, Optimal operators in digital image processing, 2000: optimised for rotational symmetry"
_ROBERTS = "Roberts, Machine perception of three-dimensional solids, 1963"
_LECTURES = "the edge kernel of introductory lectures"

KERNELS = _table(
    Kernel("identity", ((0, 0, 0), (0, 1, 0), (0, 0, 0)), "the image itself"),
    Kernel("vertical", ((-1, 0, 1), (-1, 0, 1), (-1, 0, 1)), f"{_LECTURES}: vertical edges; equals prewitt-x"),
    Kernel("horizontal", ((-1, -1, -1), (0, 0, 0), (1, 1, 1)), f"{_LECTURES}: horizontal edges; equals prewitt-y"),
    Kernel("sobel-x", ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)), _SOBEL),
    Kernel("sobel-y", ((-1, -2, -1), (0, 0, 0), (1, 2, 1)), _SOBEL),
    Kernel("prewitt-x", ((-1, 0, 1), (-1, 0, 1), (-1, 0, 1)), _PREWITT),
    Kernel("prewitt-y", ((-1, -1, -1), (0, 0, 0), (1, 1, 1)), _PREWITT),
    Kernel("scharr-x", ((-3, 0, 3), (-10, 0, 10), (-3, 0, 3)), _SCHARR),
    Kernel("scharr-y", ((-3, -10, -3), (0, 0, 0), (3, 10, 3)), _SCHARR),
    Kernel("roberts-x", ((1, 0), (0, -1)), _ROBERTS),
    Kernel("roberts-y", ((0, 1), (-1, 0)), _ROBERTS),
    Kernel(
        "laplacian", ((0, 1, 0), (1, -4, 1), (0, 1, 0)), "second differences along both axes: the discrete Laplacian"
    ),
    Kernel(
        "edges", ((-1, -1, -1), (-1, 8, -1), (-1, -1, -1)), "a cell against its eight neighbours: a negative Laplacian"
    ),
    Kernel("sharpen", ((0, -1, 0), (-1, 5, -1), (0, -1, 0)), "the image minus its Laplacian: unsharp masking"),
    Kernel(
        "emboss",
        ((-2, -1, 0), (-1, 1, 1), (0, 1, 2)),
        "the image plus its slope along the diagonal",
    ),
    Kernel("blur", ((1, 1, 1), (1, 1, 1), (1, 1, 1)), "the average of the 3x3 neighbourhood: a box filter", 9),
    Kernel(
        "gaussian",
        ((1, 2, 1), (2, 4, 2), (1, 2, 1)),
        "binomial weights along both axes: near a Gaussian with a deviation of 0.7 cells",
        16,
    ),
)
"""Every kernel by its name."""
