"""How many samples are enough: their number doubles until two halves of them say the same, or a limit is reached."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import tee
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.explain.likeness import rank_correlation
from convsight.explain.method import MethodOptions
from convsight.explain.subject import Subject

AGREEMENT = 0.95  # the rank correlation of two halves that is enough, unless a user says otherwise


class Estimate(ABC):
    """What is learnt from varied pictures, of which every other block of so many is kept apart: two halves."""

    block: int = 1

    @abstractmethod
    def sample(self, number: int) -> Any:
        """What is varied in the picture of that number: a function of the number alone."""

    @abstractmethod
    def picture(self, sample: Any) -> NDArray[Any]:
        """The varied picture (height, width, channels)."""

    @abstractmethod
    def learn(self, half: int, sample: Any, score: float) -> None:
        """A picture of half 0 or 1 got this score."""

    @abstractmethod
    def half(self, half: int) -> NDArray[np.float64]:
        """What the samples of half 0 or 1 say of the importance of each part."""

    @abstractmethod
    def fit(self) -> float:
        """The share of the variance (R²) of one half's scores that what the other says explains; the mean of both."""


@final
@dataclass(frozen=True)
class Growth:
    """From `first` samples on their number doubles, to `most` at most, until halves agree by `agreement`."""

    first: int
    most: int
    agreement: float = AGREEMENT

    @classmethod
    def by(cls, options: MethodOptions, first: int, most: int) -> "Growth":
        """As a user wants it, else by these numbers."""
        return cls(first, options.samples or most, options.agreement or AGREEMENT)


def grow(estimate: Estimate, subject: Subject, growth: Growth) -> dict[str, Any]:
    """Let `estimate` learn from varied pictures of `subject`; returns what a reader of the map must know.

    That is how many `samples` were answered, the rank correlation of what their two halves say, whether that is enough,
    and how well one half's estimate explains the scores of the other.
    """
    done, goal = 0, min(growth.first, growth.most)
    while True:
        _learn(estimate, subject, range(done, goal))
        done = goal
        reached = rank_correlation(estimate.half(0), estimate.half(1))
        if reached >= growth.agreement or done >= growth.most:
            break
        goal = min(2 * done, growth.most)
    return {
        "samples": done,
        "halves_agree_by": round(reached, 4),
        "wanted_agreement": growth.agreement,
        "agreed": reached >= growth.agreement,
        "held_out_fit": round(estimate.fit(), 4),
    }


def _learn(estimate: Estimate, subject: Subject, numbers: range) -> None:
    samples, shown = tee(map(estimate.sample, numbers))
    pictures: Iterator[NDArray[Any]] = map(estimate.picture, shown)
    scores = subject.scores_of_many(pictures, len(numbers), "varied pictures")
    for number, sample, score in zip(numbers, samples, scores, strict=True):
        estimate.learn(number // estimate.block % 2, sample, score)
