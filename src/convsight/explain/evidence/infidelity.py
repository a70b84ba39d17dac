"""Infidelity: how far the losses that a map foretells are from those that hiding a part really brings.

Source: Yeh, Hsieh, Suggala, Inouye and Ravikumar, "On the (In)fidelity and Sensitivity of Explanations", NeurIPS 2019.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.explain.evidence.cells import at_pixels
from convsight.explain.evidence.filled import Filled

_SAMPLES = 50
_LARGEST = 2  # a square's side is at most the shorter side by that

Floats = NDArray[np.float64]
Square = tuple[slice, slice]


class Infidelity(NamedTuple):
    """`error` is the mean square, in the answer's unit squared; `untold` its share of the losses' own mean square.

    The map is scaled as fits best, so that 0 is a map that foretells all losses, and 1 of `untold` one that tells none.
    """

    error: float
    untold: float


def infidelity(filled: Filled, values: Floats, samples: int = _SAMPLES, seed: int = 0) -> Infidelity | None:
    """That of a map in the answer's unit, for squares of any size and place that are hidden; None where none matters.

    What a map foretells of a square is the sum of its values there.
    """
    subject = filled.subject
    pixels = at_pixels(values, subject.sides)
    squares = list(_squares(subject.sides, samples, np.random.default_rng(seed)))
    lost = subject.score - np.fromiter(subject.scores_of_many(_hidden(filled, squares)), np.float64)
    return misfit(np.array([pixels[square].sum() for square in squares]), lost)


def misfit(foretold: Floats, lost: Floats) -> Infidelity | None:
    """The infidelity of losses (samples,) that were `foretold`, at their best scale, beside those that came.

    >>> misfit(np.array([1.0, 2.0]), np.array([3.0, 6.0]))
    Infidelity(error=0.0, untold=0.0)
    """
    own = float((lost**2).mean())
    if own == 0:
        return None
    squared = float((foretold**2).sum())
    scale = float((foretold * lost).sum()) / squared if squared else 0.0
    error = float(((scale * foretold - lost) ** 2).mean())
    return Infidelity(error, error / own)


def _squares(sides: tuple[int, int], samples: int, generator: np.random.Generator) -> Iterator[Square]:
    for _ in range(samples):
        side = int(generator.integers(1, max(1, min(sides) // _LARGEST) + 1))
        top, left = (int(generator.integers(0, whole - side + 1)) for whole in sides)
        yield slice(top, top + side), slice(left, left + side)


def _hidden(filled: Filled, squares: list[Square]) -> Iterator[NDArray[Any]]:
    for square in squares:
        array = filled.subject.array.copy()
        array[square] = filled.array[square]
        yield array
