"""`RegionQuestion`: how probable a class is where it was the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.inputs import InputGeometry
from convsight.tasks.grid import on_grid
from convsight.tasks.question import NothingThereError, Question, class_index
from convsight.words import first_few

_BACKGROUND = "background"  # the class that is asked about only by name, where there is another


@final
@dataclass(frozen=True, eq=False)
class RegionQuestion(Question):
    """The mean probability of the class at `index` over `region` (rows, columns), the cells that were answered it.

    The array is `probabilities` (batch, classes, rows, columns).

    >>> sky = RegionQuestion("sky", 0, np.array([[True, False]]))
    >>> sky.score({"probabilities": np.array([[[[0.75, 0.25]], [[0.25, 0.75]]]])}).tolist()
    [0.75]
    """

    words: str
    index: int
    region: NDArray[np.bool_] = field(repr=False)
    unit: str = "probability"
    of_pixels: bool = True

    def score(self, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = np.asarray(arrays["probabilities"], np.float64)[:, self.index, self.region].mean(1)
        return found


def region_question(
    probabilities: NDArray[Any], geometry: InputGeometry, classes: Sequence[str], wanted: str | None
) -> RegionQuestion:
    """The question about the class that `wanted` names, by default that of most cells other than background.

    `probabilities` (classes, rows, columns) are those of one picture. Raises `NothingThereError` for a class that no
    cell was answered, and names those that are there.
    """
    answered = probabilities.argmax(axis=0)
    shown = on_grid(geometry.mask(np.ones(geometry.size[::-1], np.bool_)), *answered.shape)
    counts = np.bincount(answered[shown], minlength=len(classes))
    if wanted is None:
        others = [0 if name == _BACKGROUND else count for name, count in zip(classes, counts.tolist(), strict=True)]
        index = int(np.argmax(others if any(others) else counts))
    else:
        index = class_index(wanted, classes)
    if not counts[index]:
        there = [classes[place] for place in np.argsort(-counts, kind="stable") if counts[place]]
        raise NothingThereError(f"no pixel of this picture was answered {classes[index]}; there are {first_few(there)}")
    return RegionQuestion(classes[index], index, shown & (answered == index))
