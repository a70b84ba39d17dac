"""LIME: what its samples are, what it finds where the answer is known, and that it repeats."""

from itertools import combinations
from math import comb, exp, sqrt

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics.pairwise import cosine_distances
from tests.explain.subjects import Computed, subject_of

from convsight.errors import UserError
from convsight.explain.lime import Lime, kept_counts, kernel, regions_of
from convsight.explain.method import MethodOptions
from convsight.explain.subject import Subject

SIDE, SQUARE = 48, 12  # a picture of 16 squares of plain colours, which superpixels find


def squares() -> NDArray[np.uint8]:
    colours = np.random.default_rng(0).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return colours.repeat(SQUARE, axis=0).repeat(SQUARE, axis=1)


PICTURE = squares()
ADDED = np.arange(16).reshape(4, 4) - 5.0  # by each square
SHOWN = np.s_[:, SQUARE // 2 :: SQUARE, SQUARE // 2 :: SQUARE]  # the middles of the squares


def shown_of(pictures: NDArray[np.float64]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (pictures[SHOWN] == PICTURE[None][SHOWN]).all(axis=3)
    return found


def additive(pictures: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = (shown_of(pictures) * ADDED).sum(axis=(1, 2))
    return found


def together(pictures: NDArray[np.float64]) -> NDArray[np.float64]:
    """Squares that count only together, and noise that depends on the picture alone."""
    shown = shown_of(pictures)
    noise = np.sin(1e3 * shown.reshape(len(shown), -1) @ np.arange(1, 17))
    found: NDArray[np.float64] = additive(pictures) + 40 * shown[:, 0, 0] * shown[:, 3, 3] + 3 * noise
    return found


def subject(function: object = additive, streams: int = 1) -> Subject:
    return subject_of(PICTURE, Computed(function, streams))  # type: ignore[arg-type]


OPTIONS = MethodOptions(regions=16, fill="0")


def test_finds_what_each_region_adds() -> None:
    method = Lime(OPTIONS)
    found = method.importance(subject())
    assert found == pytest.approx(ADDED.repeat(SQUARE, axis=0).repeat(SQUARE, axis=1), abs=1e-9)
    told = method.settings()
    assert told["regions"] == 16
    assert told["samples"] == 64
    assert told["agreed"] is True
    assert told["held_out_fit"] == 1


def test_hidden_regions_get_their_mean_colour_by_itself() -> None:
    regions = regions_of(subject(), 16, None)
    assert (regions.picture(np.zeros(16, bool)) == PICTURE).all()  # plain squares are their own mean
    hidden = regions_of(subject(), 16, "7").picture(np.arange(16) != regions.labels[0, 0])
    assert (hidden[:SQUARE, :SQUARE] == 7).all()
    assert (hidden[SQUARE:] == PICTURE[SQUARE:]).all()


def test_the_number_of_kept_regions_follows_the_weighted_distribution() -> None:
    """All 32 choices of 5 regions, each with lime's weight of it, computed as lime does."""
    choices = [set(each) for count in range(6) for each in combinations(range(5), count)]
    masks = np.array([[region in each for region in range(5)] for each in choices], float)
    distances = cosine_distances(masks, np.ones((1, 5)))[:, 0]
    weights = np.array([sqrt(exp(-(distance**2) / 0.25**2)) for distance in distances])
    shares = np.bincount(masks.sum(axis=1).astype(int), weights) / weights.sum()
    assert kept_counts(5) == pytest.approx(shares, abs=1e-12)
    assert kernel(masks.mean(axis=1)) == pytest.approx(weights, abs=1e-12)
    assert kept_counts(50, 1e9)[25] == pytest.approx(comb(50, 25) / 2**50)


def test_samples_are_drawn_from_it() -> None:
    engine = Computed(additive)
    counts: list[int] = []

    def noting(pictures: NDArray[np.float64]) -> NDArray[np.float64]:
        counts.extend(shown_of(pictures).sum(axis=(1, 2)).tolist())
        return np.asarray(np.random.default_rng(len(counts)).normal(size=len(pictures)))

    engine.function = noting
    Lime(MethodOptions(regions=16, fill="0", samples=1024)).importance(subject_of(PICTURE, engine))
    found = np.bincount(counts[1:], minlength=17) / 1024  # the first is the score of the picture, if it was asked for
    assert found == pytest.approx(kept_counts(16), abs=0.05)
    assert sum(counts) / len(counts) == pytest.approx(float(kept_counts(16) @ np.arange(17)), abs=0.4)


def test_the_same_seed_gives_the_same_bits_on_any_number_of_threads() -> None:
    maps = [
        Lime(MethodOptions(regions=16, fill="0", seed=seed, samples=128)).importance(subject(together, streams))
        for seed, streams in [(3, 1), (3, 3), (4, 1)]
    ]
    assert (maps[0] == maps[1]).all()
    assert (maps[0] != maps[2]).any()


def test_another_seed_gives_the_same_order_of_the_first_regions() -> None:
    first = []
    for seed in range(3):
        found = Lime(MethodOptions(regions=16, fill="0", seed=seed, samples=512)).importance(subject(together))
        first.append(set(np.argsort(found[SQUARE // 2 :: SQUARE, SQUARE // 2 :: SQUARE].ravel())[-5:].tolist()))
    assert all(each == first[0] for each in first)


@pytest.mark.parametrize("samples", [1, 35])
def test_too_few_samples_for_its_regions_are_refused(samples: int) -> None:
    with pytest.raises(UserError, match=f"--samples {samples}: lime needs 36 for 16 regions"):
        Lime(MethodOptions(regions=16, fill="0", samples=samples)).importance(subject())


def test_as_few_as_it_needs_will_do() -> None:
    method = Lime(MethodOptions(regions=16, fill="0", samples=36))
    method.importance(subject())
    assert method.settings()["samples"] == 36
