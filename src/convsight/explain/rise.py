"""RISE: the mean answer to pictures dimmed by random masks, at each place over the masks that show it.

Source: Petsiuk, Das and Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box Models", BMVC 2018. Of a
box's score it is D-RISE (Petsiuk et al., CVPR 2021) with the question's own likeness of boxes.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from convsight.errors import UserError
from convsight.explain.fill import stand_in
from convsight.explain.growing import Estimate, Growth, grow
from convsight.explain.method import Method
from convsight.explain.subject import Subject
from convsight.rng import uniform

_CELLS = 7  # of a mask, a side
_FIRST, _MOST = 256, 8192  # samples
_JUDGED = 256  # samples of each half by which the other half's map is judged

Floats = NDArray[np.float64]


@final
class Rise(Method):
    """Masks of few cells, half of them shown, enlarged with soft edges and shifted by chance; until two halves agree.

    A place's number is the mean score weighed by how much of it the masks show, less the mean score of all: Petsiuk's
    map less its mean, which has the same order of places. Each mask is drawn as his are, but they balance one another
    (see `balanced`), so that the map settles with fewer of them.
    """

    scale = "relative"
    signed = True
    takes = frozenset({"samples", "agreement", "cells", "fill", "seed"})

    def importance(self, subject: Subject) -> Floats:
        growth = Growth.by(self.options, _FIRST, _MOST)
        means = _MaskedMeans(subject, self._cells, self.options.fill or "mean", self.options.seed)
        if growth.most < 2 * means.block:
            cells = f"{self._cells} x {self._cells} cells"
            raise UserError(f"--samples {growth.most}: rise needs {2 * means.block} for {cells}, or fewer --cells")
        self._found = grow(means, subject, growth)
        return means.map()

    def settings(self) -> dict[str, Any]:
        return {"cells": self._cells, "fill": self.options.fill or "mean", **self._found}

    @property
    def _cells(self) -> int:
        return self.options.cells or _CELLS


class Mask(NamedTuple):
    """Which cells (cells, cells) are shown, and by how many px the enlarged mask is shifted down and to the right."""

    shown: NDArray[np.bool_]
    shift: tuple[int, int]


def balanced_block(cells: int) -> int:
    """How many masks of so many cells balance one another: the power of 2 above.

    >>> balanced_block(49), balanced_block(64)
    (64, 128)
    """
    return 1 << cells.bit_length()


def balanced(number: int, cells: int, seed: int) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Which cells (cells,) mask `number` shows, and two numbers in [0, 1) that its block shares.

    By itself each mask shows every cell by the toss of a coin. In a block each cell is shown by exactly half of the
    masks, and each two cells together by a quarter, so that what one cell adds is not taken for what another does: the
    columns of a Hadamard matrix in random order and with random signs. Of four blocks the last two are the opposite of
    the first two, so that what two cells add only together is not taken for what one of them adds either.
    Source: Plackett and Burman, "The Design of Optimum Multifactorial Experiments", Biometrika 1946.
    """
    block = balanced_block(cells)
    group, row = divmod(number, block)
    pair, place = divmod(group, 4)
    drawn = uniform(seed, 0, np.array([2 * pair + place % 2]), block - 1 + cells + 2)[0]
    columns = 1 + np.argsort(drawn[: block - 1], kind="stable")[:cells]
    signs = np.bitwise_count(columns & row) % 2 == 1
    flipped = drawn[block - 1 : -2] < 0.5
    return signs ^ flipped ^ (place >= 2), drawn[-2:]


def enlarged(mask: Mask, sides: tuple[int, int]) -> Floats:
    """How much of each pixel (height, width) a mask shows, 0..1: cells between whose middles it rises in a line.

    A cell is as many px as the side holds, rounded up, and the mask reaches one cell beyond, so that it can be shifted.
    """
    down, across = (_rises(side, len(mask.shown), shift) for side, shift in zip(sides, mask.shift, strict=True))
    found: Floats = down @ mask.shown.astype(np.float64) @ across.T
    return found


def _rises(side: int, cells: int, shift: int) -> Floats:
    """How much each cell counts (side, cells) for each pixel of a side."""
    cell = -(-side // cells)
    # `cells` numbers are stretched over cells + 1 cells, of which a side is cut out.
    at = (np.arange(side) + shift + 0.5) / ((cells + 1) * cell) * cells - 0.5
    found: Floats = np.maximum(0, 1 - np.abs(np.clip(at, 0, cells - 1)[:, None] - np.arange(cells)))
    return found


@dataclass
class _Sums:
    """Of one half: the sum of masks, of masks times scores, of scores; and the first few samples."""

    masks: Floats
    scored: Floats
    scores: float = 0.0
    count: int = 0
    judged: list[tuple[Mask, float]] = field(default_factory=list)

    def map(self) -> Floats:
        shown = np.where(self.masks > 0, self.masks, 1)
        return np.where(self.masks > 0, self.scored / shown, 0) - self.scores / max(1, self.count)


@final
class _MaskedMeans(Estimate):
    """The mean score by mask, at every pixel."""

    def __init__(self, subject: Subject, cells: int, fill: str, seed: int) -> None:
        self._sides, self._cells, self._seed = subject.sides, cells, seed
        self.block = balanced_block(cells**2)
        self._kind = subject.array.dtype
        self._fill = stand_in(subject.array, fill).astype(np.float32)
        self._above = subject.array.astype(np.float32) - self._fill
        self._halves = [_Sums(np.zeros(self._sides), np.zeros(self._sides)) for _ in range(2)]

    def sample(self, number: int) -> Mask:
        shown, chances = balanced(number, self._cells**2, self._seed)
        down, across = (
            int(chance * -(-side // self._cells)) for side, chance in zip(self._sides, chances, strict=True)
        )
        return Mask(shown.reshape(self._cells, self._cells), (down, across))

    def picture(self, sample: Mask) -> NDArray[Any]:
        shown = enlarged(sample, self._sides).astype(np.float32)[:, :, None]
        values = self._fill + shown * self._above
        return (np.rint(values) if self._kind.kind in "ui" else values).astype(self._kind)

    def learn(self, half: int, sample: Mask, score: float) -> None:
        sums, shown = self._halves[half], enlarged(sample, self._sides)
        sums.masks += shown
        sums.scored += score * shown
        sums.scores += score
        sums.count += 1
        if len(sums.judged) < _JUDGED:
            sums.judged.append((sample, score))

    def half(self, half: int) -> Floats:
        return self._halves[half].map()

    def fit(self) -> float:
        return float(np.mean([self._explained(self.half(1 - half), self._halves[half].judged) for half in (0, 1)]))

    def _explained(self, importance: Floats, judged: list[tuple[Mask, float]]) -> float:
        """The squared correlation of scores with how much of the map the masks show."""
        shown = np.array([(enlarged(mask, self._sides) * importance).sum() for mask, _ in judged])
        scores = np.array([score for _, score in judged])
        if min(np.ptp(shown), np.ptp(scores)) == 0:
            return 0.0
        return float(np.corrcoef(shown, scores)[0, 1] ** 2)

    def map(self) -> Floats:
        """What all samples say."""
        one, other = self._halves
        both = _Sums(one.masks + other.masks, one.scored + other.scored, one.scores + other.scores)
        both.count = one.count + other.count
        return both.map()
