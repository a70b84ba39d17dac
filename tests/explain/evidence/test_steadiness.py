"""Sensitivity-max and stability over seeds: worked numbers on methods whose maps are known."""

from typing import final

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import spearmanr
from tests.explain.evidence.additive import pictures, subject_of

from convsight.explain.evidence.cells import Cells
from convsight.explain.evidence.steadiness import mean_agreement, sensitivity, stability
from convsight.explain.method import SEEDS, Method, MethodOptions
from convsight.explain.subject import Subject


@final
class Lightness(Method):
    """What it sees is its map."""

    scale = "relative"
    signed = False

    def importance(self, subject: Subject) -> NDArray[np.float64]:
        found: NDArray[np.float64] = subject.array.astype(np.float64).mean(axis=2)
        return found


@final
class Constant(Method):
    """The same map whatever it sees."""

    scale = "relative"
    signed = False

    def importance(self, subject: Subject) -> NDArray[np.float64]:
        return np.full((2, 2), 3.0)


def test_a_map_that_looks_nowhere_does_not_change() -> None:
    subject = subject_of(next(pictures(1)))
    assert sensitivity(subject, Constant(MethodOptions()), np.full((2, 2), 3.0)) == 0
    assert sensitivity(subject, Lightness(MethodOptions()), np.zeros((14, 14))) is None


def test_the_largest_change_is_a_share_of_the_map() -> None:
    array = np.full((20, 30, 1), 0.5, np.float32)
    subject, method = subject_of(array), Lightness(MethodOptions())
    found = sensitivity(subject, method, method.importance(subject))
    # Even noise within .02 has a root mean square of .02 / sqrt(3).
    assert found == pytest.approx(0.02 / np.sqrt(3) / 0.5, rel=0.1)
    assert found == sensitivity(subject, method, method.importance(subject))
    assert found is not None
    assert found > 0.02 / np.sqrt(3) / 0.5  # the largest of some, not their mean


def test_agreement_is_spearmans_ties_included() -> None:
    maps = np.random.default_rng(0).integers(0, 5, (3, 40)).astype(np.float64)
    pairs = [spearmanr(maps[one], maps[other]).statistic for one, other in ((0, 1), (0, 2), (1, 2))]
    assert mean_agreement(list(maps)) == pytest.approx(np.mean(pairs))


def test_a_method_without_chance_has_no_stability() -> None:
    picture = next(pictures(1))
    assert stability(subject_of(picture), Cells((14, 14)), "occlusion", MethodOptions()) is None


def test_seeds_behind_the_last_are_the_first() -> None:
    subject = subject_of(next(pictures(1)))
    found = stability(subject, Cells((14, 14)), "lime-classic", MethodOptions(seed=SEEDS - 1, samples=20))
    assert found is not None
    assert found > -1
