"""Samples grow until two halves agree or the limit is reached, in memory that does not."""

import tracemalloc
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from tests.explain.subjects import Computed, subject_of

from convsight.explain.growing import Estimate, Growth, grow
from convsight.explain.method import MethodOptions

PICTURE = np.zeros((64, 64, 3), np.uint8)
PARTS = 8


@final
class Means(Estimate):
    """The mean score of samples that show a part, so that halves agree once noise is averaged away."""

    def __init__(self) -> None:
        self.sums, self.counts = np.zeros((2, PARTS)), np.zeros((2, PARTS))
        self.numbers: tuple[list[int], list[int]] = ([], [])

    def sample(self, number: int) -> tuple[int, int]:
        return number, number // 2 % PARTS

    def picture(self, sample: tuple[int, int]) -> NDArray[Any]:
        picture = PICTURE.copy()
        picture[0, 0, 0], picture[0, 0, 1:] = sample[1], (sample[0] // 256, sample[0] % 256)
        return picture

    def learn(self, half: int, sample: tuple[int, int], score: float) -> None:
        self.sums[half, sample[1]] += score
        self.counts[half, sample[1]] += 1
        self.numbers[half].append(sample[0])

    def half(self, half: int) -> NDArray[np.float64]:
        found: NDArray[np.float64] = self.sums[half] / np.maximum(1, self.counts[half])
        return found

    def fit(self) -> float:
        return 0.5


def noisy(noise: float) -> Computed:
    def answer(pictures: NDArray[np.float64]) -> NDArray[np.float64]:
        first, high, low = pictures[:, 0, 0].T
        numbers = (256 * high + low).astype(int)
        found: NDArray[np.float64] = first + noise * np.random.default_rng(1).normal(size=4096)[numbers]
        return found

    return Computed(answer, streams=2)


def test_halves_that_agree_at_once_end_it() -> None:
    found = grow(Means(), subject_of(PICTURE, noisy(0)), Growth(first=16, most=1024))
    assert found == {
        "samples": 16,
        "halves_agree_by": 1.0,
        "wanted_agreement": 0.95,
        "agreed": True,
        "held_out_fit": 0.5,
    }


def test_they_double_until_halves_agree() -> None:
    needed = [grow(Means(), subject_of(PICTURE, noisy(noise)), Growth(16, 4096))["samples"] for noise in (3, 12)]
    assert 16 < needed[0] < needed[1] < 4096
    assert all(many & (many - 1) == 0 for many in needed)


def test_the_limit_ends_it_and_is_told() -> None:
    means = Means()
    found = grow(means, subject_of(PICTURE, noisy(1000)), Growth(16, 100))
    assert found["samples"] == 100
    assert found["agreed"] is False
    assert found["halves_agree_by"] < 0.95
    assert means.numbers == (list(range(0, 100, 2)), list(range(1, 100, 2)))


def test_fewer_than_the_first_are_what_a_user_may_want() -> None:
    growth = Growth.by(MethodOptions(samples=7, agreement=0.5), first=16, most=4096)
    assert growth == Growth(16, 7, 0.5)
    assert grow(Means(), subject_of(PICTURE, noisy(0)), growth)["samples"] == 7
    assert Growth.by(MethodOptions(), 16, 4096) == Growth(16, 4096, 0.95)


def test_memory_does_not_grow_with_samples() -> None:
    def peak(samples: int) -> int:
        tracemalloc.start()
        try:
            grow(Means(), subject_of(PICTURE, noisy(1000)), Growth(16, samples, agreement=1.0))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(2048) < 2048 * PICTURE.nbytes
