"""Sides of volumes and counts of operations, each number with its formula worked.

What a layer does to one axis of a volume depends on that axis alone, so everything here is about one side. Sources:
Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016; TensorFlow's definition of `same`.
"""

from dataclasses import dataclass
from itertools import count


@dataclass(frozen=True)
class Worked:
    """A number, and the formula that gives it with the values put in."""

    value: int
    formula: str  # such as "floor((224 + 2*3 - 7)/2) + 1"

    def __str__(self) -> str:
        return f"{self.formula} = {self.value:,}"


@dataclass(frozen=True)
class Window:
    """How a kernel moves along one side; numbers are cells. `before` and `after` are the padding at the two ends."""

    kernel: int
    stride: int = 1
    before: int = 0
    after: int = 0
    dilation: int = 1
    round_up: bool = False  # count a last window that is only partly over the volume (PyTorch's ceil_mode)

    @property
    def span(self) -> int:
        """Cells from the first to the last that the kernel touches."""
        return self.dilation * (self.kernel - 1) + 1


def window_side(n: int, window: Window) -> Worked:
    """Side after a convolution or pooling: floor((n + 2p - f) / s) + 1. Less than 1 where the kernel does not fit.

    >>> print(window_side(224, Window(7, stride=2, before=3, after=3)))
    floor((224 + 2*3 - 7)/2) + 1 = 112
    >>> print(window_side(256, Window(5, stride=2)))
    floor((256 - 5)/2) + 1 = 126
    """
    rest = n + window.before + window.after - window.span
    value = (-(-rest // window.stride) if window.round_up else rest // window.stride) + 1
    # A window that would begin in the padding behind the volume sees nothing of it and is left out.
    left_out = window.round_up and (value - 1) * window.stride >= n + window.before
    inside = f"{n}{_padding_text(window)} - {_span_text(window)}"
    name = "ceil" if window.round_up else "floor"
    formula = f"{name}(({inside})/{window.stride}) + 1" if window.stride > 1 else f"{inside} + 1"
    if left_out:
        return Worked(value - 1, f"{formula} - 1 (the last window would lie in the padding)")
    return Worked(value, formula)


def transposed_side(n: int, window: Window, output_padding: int = 0) -> Worked:
    """Side after a transposed convolution: (n - 1) s - 2p + d (f - 1) + 1 + output padding.

    >>> print(transposed_side(4, Window(3, stride=2, before=1, after=1), output_padding=1))
    (4 - 1)*2 - 2*1 + 3 + 1 = 8
    """
    value = (n - 1) * window.stride - window.before - window.after + window.span + output_padding
    padding = _padding_text(window).replace(" + ", " - ")
    extra = f" + {output_padding}" if output_padding else ""
    return Worked(value, f"({n} - 1)*{window.stride}{padding} + {_span_text(window)}{extra}")


def same_padding(n: int, kernel: int, stride: int = 1, dilation: int = 1) -> tuple[int, int]:
    """Padding before and after a side by TensorFlow's `same`: ceil(n / s) cells come out, the odd cell is behind.

    >>> same_padding(28, kernel=2), same_padding(5, kernel=3, stride=2), same_padding(6, kernel=3, stride=2)
    ((0, 1), (1, 1), (0, 1))
    """
    out = -(-n // stride)
    total = max(0, (out - 1) * stride + dilation * (kernel - 1) + 1 - n)
    return total // 2, total - total // 2


def smallest_side(window: Window, wanted: int = 1) -> int:
    """The smallest side before a convolution or pooling that leaves at least `wanted` cells.

    >>> smallest_side(Window(5, stride=2), wanted=3)
    9
    """
    smallest = (wanted - 1) * window.stride + window.span - window.before - window.after
    if window.round_up:
        smallest -= window.stride - 1  # less only if no window were left out
    return next(n for n in count(max(1, smallest)) if window_side(n, window).value >= wanted)


def _padding_text(window: Window) -> str:
    if window.before == window.after:
        return f" + 2*{window.before}" if window.before else ""
    return "".join(f" + {cells}" for cells in (window.before, window.after) if cells)


def _span_text(window: Window) -> str:
    if window.dilation == 1:
        return f"{window.kernel}"
    return f"({window.dilation}*({window.kernel} - 1) + 1)"
