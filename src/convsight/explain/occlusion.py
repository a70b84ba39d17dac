"""Occlusion: how much of the answer is lost where a window hides a part of the picture.

Source: Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.errors import UserError
from convsight.explain.fill import stand_in
from convsight.explain.method import Method
from convsight.explain.subject import Subject
from convsight.runtime.engine import Engine
from convsight.training_half import training_half

_FEW = 64  # windows below which opening the network takes longer than it saves
_EQUAL = 1e-4  # of the score: what the two ways to an answer may differ by
_NEIGHBOURS = 7  # windows a side, which come one after the other
_TOGETHER = _NEIGHBOURS**2  # windows: what is not changed is computed once for all of them


@dataclass(frozen=True)
class Windows:
    """Square windows of `window` px, `stride` px apart, from the upper left until they cover a picture of `sides`.

    The last of a row or column are cut off at the edge, as captum cuts them.
    """

    sides: tuple[int, int]
    window: int
    stride: int

    def __iter__(self) -> Iterator[tuple[slice, slice]]:
        """Rows and columns of each, neighbours in both directions near one another: they change much the same maps."""
        down, across = map(self.along, self.sides)
        for top, left in product(range(0, len(down), _NEIGHBOURS), range(0, len(across), _NEIGHBOURS)):
            yield from product(down[top : top + _NEIGHBOURS], across[left : left + _NEIGHBOURS])

    def __len__(self) -> int:
        return len(self.along(self.sides[0])) * len(self.along(self.sides[1]))

    def along(self, side: int) -> list[slice]:
        """What they cover of a side of so many px."""
        starts = range(0, side - self.window + self.stride, self.stride)
        return [slice(start, min(start + self.window, side)) for start in starts]


@final
class Occlusion(Method):
    """A window filled with the picture's mean colour; each pixel gets the mean loss of the windows that hid it."""

    scale = "score"
    signed = True
    takes = frozenset({"window", "stride", "fill"})

    def importance(self, subject: Subject) -> NDArray[np.float64]:
        self._windows = windows = self._windows_for(subject)
        fill = stand_in(subject.array, self._fill)
        asked = _recomputing(subject, windows, fill) or subject
        self._engine = asked.engine.words + (", what a window can change" if asked is not subject else "")
        scores = asked.scores_of_many(_hidden(subject.array, fill, windows), len(windows), "windows")
        lost, times = np.zeros(subject.sides), np.zeros(subject.sides)
        for part, score in zip(windows, scores, strict=True):
            lost[part] += subject.score - score
            times[part] += 1
        return lost / times

    def settings(self) -> dict[str, Any]:
        windows = self._windows
        return {"window": windows.window, "stride": windows.stride, "fill": self._fill, "computed_by": self._engine}

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


def _recomputing(subject: Subject, windows: Windows, fill: NDArray[Any]) -> Subject | None:
    """`subject`, asked through an engine that computes again only what a window can change, where that is faster.

    None where it is not: networks whose fields soon cover the picture, other number formats (on processors that
    multiply them all of it is as fast), GPUs, few windows, where there is no PyTorch or no network but its graph, and
    where the answer to the middle window is not the same.
    """
    engine = subject.engine
    if engine.precision != "float32" or engine.processor != "CPU" or len(windows) < _FEW:
        return None
    try:
        door = training_half("convsight.inside.recomputing")
        found: Engine | None = door.recomputing_engine(subject.open_network(), subject.array, windows, engine.name)
    except UserError:
        return None
    if found is None:
        return None
    redone = replace(subject, engine=found, together=_TOGETHER)
    middle = np.stack(list(islice(_hidden(subject.array, fill, windows), len(windows) // 2, len(windows) // 2 + 1)))
    # Of an own network, an operation may mean something else than its name says.
    apart = abs(redone.scores(middle) - subject.scores(middle)).max()
    return redone if apart <= _EQUAL * abs(subject.score) else None


def _hidden(array: NDArray[Any], fill: NDArray[Any], windows: Windows) -> Iterator[NDArray[Any]]:
    for part in windows:
        hidden = array.copy()
        hidden[part] = fill[part]
        yield hidden
