"""Occlusion: how much of the answer is lost where a window hides a part of the picture.

Source: Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.errors import UserError
from convsight.explain.fill import stand_in
from convsight.explain.method import Method
from convsight.explain.subject import Subject


@dataclass(frozen=True)
class Windows:
    """Square windows of `window` px, `stride` px apart, from the upper left until they cover a picture of `sides`.

    The last of a row or column are cut off at the edge, as captum cuts them.
    """

    sides: tuple[int, int]
    window: int
    stride: int

    def __iter__(self) -> Iterator[tuple[slice, slice]]:
        """Rows and columns of each, row by row."""
        yield from product(*(list(self._along(side)) for side in self.sides))

    def __len__(self) -> int:
        return len(list(self._along(self.sides[0]))) * len(list(self._along(self.sides[1])))

    def _along(self, side: int) -> Iterator[slice]:
        for start in range(0, side - self.window + self.stride, self.stride):
            yield slice(start, min(start + self.window, side))


@final
class Occlusion(Method):
    """A window filled with the picture's mean colour; each pixel gets the mean loss of the windows that hid it."""

    scale = "score"
    signed = True
    takes = frozenset({"window", "stride", "fill"})

    def importance(self, subject: Subject) -> NDArray[np.float64]:
        self._windows = windows = self._windows_for(subject)
        fill = stand_in(subject.array, self._fill)
        scores = subject.scores_of_many(_hidden(subject.array, fill, windows), len(windows), "windows")
        lost, times = np.zeros(subject.sides), np.zeros(subject.sides)
        for part, score in zip(windows, scores, strict=True):
            lost[part] += subject.score - score
            times[part] += 1
        return lost / times

    def settings(self) -> dict[str, Any]:
        return {"window": self._windows.window, "stride": self._windows.stride, "fill": self._fill}

    @property
    def _fill(self) -> str:
        return self.options.fill or "mean"

    def _windows_for(self, subject: Subject) -> Windows:
        shorter = min(subject.sides)
        window = self.options.window or max(1, shorter // 8)
        stride = self.options.stride or max(1, window // 2)
        if window > shorter:
            raise UserError(f"--window {window}: the network sees {shorter} px on the shorter side; give less")
        if stride > window:
            raise UserError(f"--stride {stride}: more than the window of {window} px, which leaves gaps; give less")
        return Windows(subject.sides, window, stride)


def _hidden(array: NDArray[Any], fill: NDArray[Any], windows: Windows) -> Iterator[NDArray[Any]]:
    for part in windows:
        hidden = array.copy()
        hidden[part] = fill[part]
        yield hidden
