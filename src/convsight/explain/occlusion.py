"""Occlusion: how much of the answer is lost where a window hides a part of the picture.

Source: Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014.
"""

from collections.abc import Iterator
from itertools import product
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.errors import UserError
from convsight.explain.method import Method
from convsight.explain.subject import Subject


@final
class Occlusion(Method):
    """A window filled with the picture's mean colour; each pixel gets the mean loss of the windows that hid it."""

    scale = "score"
    signed = True
    takes = frozenset({"window", "stride"})

    def importance(self, subject: Subject) -> NDArray[np.float64]:
        height, width = subject.sides
        window, stride = self._window(subject)
        tops, lefts = _places(height, window, stride), _places(width, window, stride)
        lost = np.array(list(subject.scores_of_many(_hidden(subject.array, tops, lefts, window))))
        sums, counts = np.zeros(subject.sides), np.zeros(subject.sides)
        for (top, left), score in zip(product(tops, lefts), lost, strict=True):
            part = np.s_[top : top + window, left : left + window]
            sums[part] += subject.score - score
            counts[part] += 1
        return sums / counts

    def _window(self, subject: Subject) -> tuple[int, int]:
        shorter = min(subject.sides)
        window = self.options.window or max(1, shorter // 8)
        if window > shorter:
            raise UserError(f"--window {window}: the network sees {shorter} px on the shorter side; give less")
        return window, self.options.stride or max(1, window // 2)


def _places(side: int, window: int, stride: int) -> list[int]:
    """Where windows begin, so that they cover the whole side."""
    return sorted({*range(0, side - window + 1, stride), side - window})


def _hidden(array: NDArray[Any], tops: list[int], lefts: list[int], window: int) -> Iterator[NDArray[Any]]:
    mean = np.rint(array.mean(axis=(0, 1))) if array.dtype.kind == "u" else array.mean(axis=(0, 1))
    for top, left in product(tops, lefts):
        hidden = array.copy()
        hidden[top : top + window, left : left + window] = mean
        yield hidden
