"""Kernels applied to an image: the responses of each, and what an eye is shown of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.arithmetic.cell import Cell, Number, Position, written
from convsight.arithmetic.correlation import cross_correlation
from convsight.arithmetic.filters import Kernel, find_kernel
from convsight.arithmetic.shapes import Worked
from convsight.arithmetic.sliding_windows import Padding
from convsight.errors import UserError
from convsight.images import decode_image, fitting_range, value_extent

DEFAULT = ("sobel-x", "sobel-y", "laplacian", "sharpen", "gaussian")
"""The kernels that are applied where none is named."""


@dataclass(frozen=True, eq=False)
class Filtered:
    """What one kernel makes of an image.

    `shown` (height, width) is for the eye, made by the `rule` beside it; `smallest` and `largest` are true responses.
    """

    kernel: Kernel
    operation: str
    sides: tuple[Worked, ...]  # height, width
    smallest: Number
    largest: Number
    shown: NDArray[np.uint8]
    rule: str
    cell: Cell | None  # the one that was asked for

    def to_json(self) -> dict[str, Any]:
        """Everything but the pixels, as JSON values."""
        document: dict[str, Any] = {
            "kernel": self.kernel.name,
            "rows": self.kernel.rows,
            "divisor": self.kernel.divisor,
            "source": self.kernel.source,
            "operation": self.operation,
            "output": [side.value for side in self.sides],
            "formulas": [str(side) for side in self.sides],
            "smallest": self.smallest,
            "largest": self.largest,
            "shown": self.rule,
        }
        return document if self.cell is None else document | {"cell": self.cell.to_json()}


@dataclass(frozen=True, eq=False)
class FilteredImage:
    """An image in grey (height, width) and what each kernel makes of it, with one stride and padding."""

    image: Path
    grey: NDArray[np.uint8]
    stride: int
    padding: Padding
    filtered: tuple[Filtered, ...]

    def to_json(self) -> dict[str, Any]:
        """Everything but the pixels, as JSON values; sides are height, width."""
        return {
            "picture": str(self.image),
            "input": list(self.grey.shape),
            "stride": self.stride,
            "padding": self.padding,
            "kernels": [one.to_json() for one in self.filtered],
        }


def filter_image(
    image: Path,
    kernels: Sequence[str] = (),
    *,
    stride: int = 1,
    padding: Padding = "valid",
    at: Position | None = None,
    max_megapixels: float = 100.0,
) -> FilteredImage:
    """Apply kernels, by name or as rows of numbers, to an image in grey, as a layer would: by cross-correlation.

    Where no kernel is named, the `DEFAULT` ones are applied. Grey is that of Pillow's mode L, 0.299 R + 0.587 G + 0.114
    B. `at` asks for the arithmetic of one output cell, (row, column) from 0.

    Raises `UserError` where the image cannot be read, a kernel is not known or does not fit, a setting is impossible,
    or no such cell comes out.
    """
    found = [find_kernel(text) for text in kernels or DEFAULT]
    extent = value_extent(image, max_megapixels)
    shown = fitting_range([extent]) if extent else None  # of one image, its own
    grey = np.asarray(decode_image(image, max_megapixels=max_megapixels, shown=shown).convert("L"))
    filtered = tuple(_filtered(grey, kernel, stride, padding, at) for kernel in found)
    return FilteredImage(image, grey, stride, padding, filtered)


def read_padding(text: str) -> Padding:
    """Padding from the command line: `valid`, `same` or cells.

    >>> read_padding("same"), read_padding("2")
    ('same', 2)
    """
    names: dict[str, Padding] = {"valid": "valid", "same": "same"}
    if text in names:
        return names[text]
    try:
        return int(text)
    except ValueError:
        raise UserError(f"unknown padding {text!r}; use valid, same or a number of cells") from None


def read_position(text: str) -> Position:
    """A cell from the command line: `ROW,COLUMN`.

    >>> read_position("10,20")
    (10, 20)
    """
    try:
        row, column = map(int, text.split(","))
    except ValueError:
        raise UserError(f"{text!r} is no cell; expected ROW,COLUMN, counted from 0, such as 10,20") from None
    return row, column


def for_the_eye(responses: NDArray[Any], kernel: Kernel) -> tuple[NDArray[np.uint8], str]:
    """Responses as grey levels, and the rule in words.

    Those of a kernel for edges have both signs and any size, so their size is shown, the largest one white; those of
    any other kernel are grey levels already and are clipped to 0..255.

    >>> shown, rule = for_the_eye(np.array([[-510, 255]]), find_kernel("-1 1"))
    >>> shown.tolist(), rule
    ([[255, 128]], '|response| * 255/510')
    """
    if not kernel.finds_changes:
        return np.rint(np.clip(responses, 0, 255)).astype(np.uint8), "clipped to 0..255"
    sizes = np.abs(responses)
    peak = sizes.max().item()
    if not peak:
        return sizes.astype(np.uint8), "0 everywhere"
    return np.rint(sizes * (255 / peak)).astype(np.uint8), f"|response| * 255/{written(peak)}"


def _filtered(grey: NDArray[np.uint8], kernel: Kernel, stride: int, padding: Padding, at: Position | None) -> Filtered:
    found = cross_correlation(grey, kernel.weights, stride=stride, padding=padding)
    shown, rule = for_the_eye(found.values, kernel)
    cell = None if at is None else found.cell(*at)
    smallest, largest = found.values.min().item(), found.values.max().item()
    return Filtered(kernel, found.operation, found.sides, smallest, largest, shown, rule, cell)
