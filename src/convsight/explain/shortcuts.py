"""Shortcuts: a small part of pictures that gives their class away, told only where interventions show it.

A map that is bright in a corner may be wrong, or the corner may belong to the thing. So three things are done to
pictures that the network has not learnt from: the part is covered in those of the class, it is pasted from those into
pictures of other classes, and both are done with parts of the same size elsewhere. What passes all of that may still
be the thing itself, such as the fingers that make a sign; a mark is what looks the same in every picture. Source of
the idea of pasting what a network may rely on: Ribeiro et al. 2016 look at maps alone; Lapuschkin et al., "Unmasking
Clever Hans predictors", 2019, insert the suspected mark.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.explain.region import Region, candidate_regions, elsewhere
from convsight.explain.subject import Subject
from convsight.metrics import Measured
from convsight.metrics.bootstrap import bootstrapped

LEAST = 0.1  # of a class's score: what covering must cost, and pasting gain, at the lower end of their intervals
FEWEST = 8  # pictures of the class, and of others, from which anything is told
MOST_VARIED = 0.2  # of the variation of other classes' pictures in a region: a thing varies from picture to picture
_STEADIEST = 4  # the share of a region that is a mark at least: a map's cells do not end where the mark does
_LEAST_VARIATION = 1e-6  # so that nothing is divided by 0
_RESAMPLES = 1000

BLIND = (
    "Maps cannot see a shortcut that is spread over the whole picture, such as blur, noise, a tint or a size: "
    "judge the network on pictures from elsewhere."
)


@final
@dataclass(frozen=True)
class Tried:
    """What was done with one `region` for the class called `name`, in shares of its score.

    `covered` is what its pictures lose where the region is covered, `pasted` what others gain where it is pasted, each
    a mean over pictures; `turned` is the share of the others that are then answered with the class. `covered_elsewhere`
    and `pasted_elsewhere` are the largest such means of regions of the same size. `varied` is how much its
    steadiest quarter varies over pictures of the class (standard deviation), as a share of these pixels of the others.
    """

    name: str
    region: Region
    sides: tuple[int, int]
    covered: Measured
    pasted: Measured
    turned: float
    covered_elsewhere: float
    pasted_elsewhere: float
    varied: float
    pictures: tuple[int, int]  # of the class, and of others

    @property
    def is_shortcut(self) -> bool:
        """Whether the region gives the class away and is a mark.

        What varies from picture to picture as other classes do there is part of the thing, and no mark.
        """
        return self.gives_away and self.varied <= MOST_VARIED

    @property
    def gives_away(self) -> bool:
        """Whether covering costs the class its score, pasting gives it, and regions elsewhere do neither."""
        here = self.covered.low > LEAST and self.pasted.low > LEAST
        return here and self.covered_elsewhere < LEAST and self.pasted_elsewhere < LEAST

    @property
    def words(self) -> str:
        """What was found, in one line."""
        place = f"a region of {self.region.words(self.sides)}"
        if self.is_shortcut:
            return f"shortcut: {place} gives away {self.name}: {self.numbers}"
        return f"no shortcut: {place}, where maps of {self.name} are strongest: {self.numbers}"

    @property
    def numbers(self) -> str:
        """What covering cost and pasting gained, here and elsewhere."""
        return (
            f"covering it costs {_points(self.covered)} of the score (elsewhere at most {self.covered_elsewhere:.2f}), "
            f"pasting it gains {_points(self.pasted)} (elsewhere at most {self.pasted_elsewhere:.2f}) and turns "
            f"{self.turned:.0%} of {self.pictures[1]} pictures of other classes; its steadiest quarter "
            f"varies {self.varied:.2f} times as much as in these"
        )

    def to_json(self) -> dict[str, Any]:
        """All numbers by name."""
        return {
            "class": self.name,
            "shortcut": self.is_shortcut,
            "region": {
                "left": self.region.left,
                "top": self.region.top,
                "width": self.region.width,
                "height": self.region.height,
            },
            "seen": {"width": self.sides[1], "height": self.sides[0]},
            "covering_costs": self.covered._asdict(),
            "pasting_gains": self.pasted._asdict(),
            "pasting_turns": self.turned,
            "covering_elsewhere_costs": self.covered_elsewhere,
            "pasting_elsewhere_gains": self.pasted_elsewhere,
            "varies_as_much_as_others": self.varied,
            "least": LEAST,
            "most_varied": MOST_VARIED,
            "pictures": {"of_class": self.pictures[0], "of_others": self.pictures[1]},
        }


def try_regions(
    name: str, mean: NDArray[np.float64], of_class: Sequence[Subject], others: Sequence[Subject]
) -> list[Tried]:
    """What comes of the regions that `mean`, the mean map of the class called `name` (rows, columns), points at.

    All subjects are asked about that class; those of `others` show another. Nothing is tried with under 8 of either,
    nor what overlaps a shortcut that was found.
    """
    if min(len(of_class), len(others)) < FEWEST:
        return []
    trial, tried = _Trial(of_class, others), list[Tried]()
    for region in candidate_regions(mean, of_class[0].sides):
        if not any(each.is_shortcut and each.region.overlaps(region) for each in tried):
            tried.append(trial.of(name, region))
    return tried


class _Trial:
    """Pictures of a class and of others, and their scores as they are."""

    def __init__(self, of_class: Sequence[Subject], others: Sequence[Subject]) -> None:
        self.of_class, self.others = of_class, others
        self.sides = of_class[0].sides
        self.scores_of_class = np.array([each.score for each in of_class])
        self.scores_of_others = np.array([each.score for each in others])

    def of(self, name: str, region: Region) -> Tried:
        places = elsewhere(region, self.sides)
        pasted = self._pasted(region)
        return Tried(
            name,
            region,
            self.sides,
            _mean(self._lost(region)),
            _mean(pasted - self.scores_of_others),
            float((pasted > np.maximum(0.5, self.scores_of_others)).mean()),
            _largest(places, self._lost),
            _largest(places, lambda place: self._pasted(place) - self.scores_of_others),
            _varied(_variation(self.of_class, region), _variation(self.others, region)),
            (len(self.of_class), len(self.others)),
        )

    def _lost(self, region: Region) -> NDArray[np.float64]:
        """What each picture of the class loses where the region is covered."""
        subject = self.of_class[0]
        covered = np.array(list(subject.scores_of_many(region.covered(each.array) for each in self.of_class)))
        lost: NDArray[np.float64] = self.scores_of_class - covered
        return lost

    def _pasted(self, region: Region) -> NDArray[np.float64]:
        """The score of each other picture with the region of one of the class, of all of these in turn."""
        count = len(self.of_class)
        pairs = ((each.array, self.of_class[index % count].array) for index, each in enumerate(self.others))
        return np.array(list(self.others[0].scores_of_many(region.pasted(onto, source) for onto, source in pairs)))


def _variation(subjects: Sequence[Subject], region: Region) -> NDArray[np.float64]:
    """The standard deviation of every number in `region` over pictures."""
    pixels = np.stack([each.array[region.part] for each in subjects]).astype(np.float64)
    found: NDArray[np.float64] = pixels.std(axis=0).ravel()
    return found


def _varied(mine: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    """How much those numbers vary that vary least in the class, as a share of how they do in others."""
    steadiest = np.argsort(mine, kind="stable")[: max(1, len(mine) // _STEADIEST)]
    return float(mine[steadiest].mean() / max(others[steadiest].mean(), _LEAST_VARIATION))


def _mean(values: NDArray[np.float64]) -> Measured:
    """The mean over pictures with its 95 % interval by the bootstrap."""
    count = len(values)
    return bootstrapped(lambda weights: {"mean": weights @ values / weights.sum(axis=1)}, count, _RESAMPLES)["mean"]


def _largest(places: Sequence[Region], values: Callable[[Region], NDArray[np.float64]]) -> float:
    return max((float(values(place).mean()) for place in places), default=0.0)


def _points(measured: Measured) -> str:
    return f"{measured.value:.2f} [{measured.low:.2f}, {measured.high:.2f}]"
