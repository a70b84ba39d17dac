"""The verdict about a method: whether its maps say more of one network, on one kind of pictures, than chance does."""

from collections.abc import Mapping
from enum import StrEnum
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.metrics import Measured
from convsight.metrics.bootstrap import bootstrapped


class Verdict(StrEnum):
    """What is said of a method; the most trusted comes first."""

    FAITHFUL = "faithful"
    UNDECIDED = "undecided"
    CHANCE = "no better than chance"
    OTHER_CAUSE = "does not depend on the model"


LEAST_PICTURES = 50
LEAST_DEFINED = 1 / 2  # of the pictures
_RESAMPLES = 1000

Floats = NDArray[np.float64]


class Judgement(NamedTuple):
    """A verdict and what it is made of: `beyond` is E less that of each reference, with its 95 % interval.

    `e` is the mean over those of the `pictures` on which it is `defined`.
    """

    verdict: Verdict
    why: str
    pictures: int
    defined: int
    e: Measured | None
    beyond: Mapping[str, Measured]

    @property
    def least(self) -> float:
        """The lowest bound of all: by so much at least maps are better than each reference; of none it is -1."""
        return min((each.low for each in self.beyond.values()), default=-1.0)


def judge(e: Floats, references: Mapping[str, Floats], depends: bool | None = None) -> Judgement:
    """The verdict on E (pictures,) of a method beside that of each reference on the same pictures; NaN is undefined.

    *faithful* takes `LEAST_PICTURES`, E defined for half of them, and the lower end of the paired bootstrap's 95 %
    interval of the difference above 0 for each reference. *no better than chance* is a method whose interval lies at or
    below 0 for one of them. `depends` is what randomised weights said; None where they were not asked.
    """
    defined = ~np.isnan(e)
    count = int(defined.sum())
    of_all: Measured | None = None
    beyond: dict[str, Measured] = {}
    if count:
        differences = {name: e - values for name, values in references.items()}
        paired = {name: values[~np.isnan(values)] for name, values in differences.items()}
        of_all = _interval(e[defined])
        beyond = {name: _interval(values) for name, values in paired.items() if len(values)}
    verdict, why = _verdict(len(e), count, beyond, set(references), depends)
    return Judgement(verdict, why, len(e), count, of_all, beyond)


def _verdict(
    pictures: int, defined: int, beyond: Mapping[str, Measured], references: set[str], depends: bool | None
) -> tuple[Verdict, str]:
    too_little = f"{pictures} pictures, and a verdict takes {LEAST_PICTURES}" if pictures < LEAST_PICTURES else ""
    if depends is False and not too_little:
        return Verdict.OTHER_CAUSE, "its maps stay alike where all weights are drawn anew"
    too_little = too_little or _undefined(pictures, defined, references - set(beyond))
    if too_little:
        return Verdict.UNDECIDED, too_little
    reached = [name for name, each in beyond.items() if each.high <= 0]
    if reached:
        return Verdict.CHANCE, f"{_and(reached)} {'reaches' if len(reached) == 1 else 'reach'} as much, or more"
    unsure = [name for name, each in beyond.items() if each.low <= 0]
    if unsure:
        return Verdict.UNDECIDED, f"it may be no better than {_and(unsure)}"
    nearest = min(beyond, key=lambda name: beyond[name].value)
    return Verdict.FAITHFUL, f"better than each reference, by {beyond[nearest].value:.2f} than {nearest}"


def _undefined(pictures: int, defined: int, missing: set[str]) -> str:
    """Why nothing can be decided of so many pictures; empty where there is enough."""
    if defined < LEAST_DEFINED * pictures:
        return f"E is defined for {defined} of {pictures} pictures: of the others hiding all changes too little"
    return f"nothing is known of {_and(sorted(missing))}" if missing else ""


def _interval(values: Floats) -> Measured:
    """The mean of some pictures with its 95 % interval by the bootstrap."""
    return bootstrapped(partial(_mean, values), len(values), _RESAMPLES)["mean"]


def _mean(values: Floats, weights: Floats) -> dict[str, Floats]:
    return {"mean": weights.astype(np.float64) @ values / len(values)}


def _and(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)
