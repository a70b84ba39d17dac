import numpy as np
import pytest

from convsight.metrics import Measured
from convsight.metrics.bootstrap import Measure, bootstrapped, measured, resamples_for
from convsight.metrics.intervals import Floats


def mean_of(values: Floats) -> Measure:
    return lambda weights: {"mean": weights @ values.astype(weights.dtype) / weights.sum(axis=1)}


def wilson(share: float, images: int) -> tuple[float, float]:
    """Interval of a share; Wilson, Journal of the American Statistical Association 22, 1927."""
    z = 1.959964
    middle = (share + z**2 / (2 * images)) / (1 + z**2 / images)
    half = z / (1 + z**2 / images) * np.sqrt(share * (1 - share) / images + z**2 / (4 * images**2))
    return middle - half, middle + half


def test_a_resample_draws_as_many_images_as_there_are_with_replacement() -> None:
    drawn: list[Floats] = []

    def keep(weights: Floats) -> dict[str, Floats]:
        drawn.append(weights)
        return {"zero": np.zeros(len(weights))}

    bootstrapped(keep, 50, 1000)
    as_they_are, resamples = drawn[0], np.concatenate(drawn[1:])
    assert (as_they_are == 1).all()
    assert resamples.shape == (1000, 50)
    assert (resamples.sum(axis=1) == 50).all()
    assert (resamples == resamples.round()).all()
    # The number of times an image is drawn is binomial: variance 1 - 1/50.
    assert resamples.var() == pytest.approx(1 - 1 / 50, rel=0.03)
    assert np.abs(resamples.mean(axis=0) - 1).max() < 0.2


def test_memory_is_bounded_however_many_images() -> None:
    shapes: list[tuple[int, ...]] = []

    def keep(weights: Floats) -> dict[str, Floats]:
        shapes.append(weights.shape)
        return {"zero": np.zeros(len(weights))}

    bootstrapped(keep, 300_000, 20)
    assert sum(rows for rows, _ in shapes[1:]) == 20
    assert max(rows * images for rows, images in shapes) <= 2_000_000


@pytest.mark.parametrize(("images", "share"), [(200, 0.6), (1000, 0.9), (5000, 0.95)])
def test_the_interval_of_a_share_is_near_wilsons(images: int, share: float) -> None:
    right = np.arange(images) < share * images
    found = bootstrapped(mean_of(right.astype(float)), images, 1000)["mean"]
    low, high = wilson(found.value, images)
    assert found.low == pytest.approx(low, abs=0.07 * (high - low))
    assert found.high == pytest.approx(high, abs=0.07 * (high - low))


def test_ninety_five_of_a_hundred_intervals_hold_the_true_value() -> None:
    generator = np.random.default_rng(1)
    sets, target = 300, 0.8
    held = 0
    for seed in range(sets):
        right = (generator.random(400) < target).astype(float)
        found = bootstrapped(mean_of(right), 400, 500, seed)["mean"]
        held += found.low <= target <= found.high
    # 3.3 standard deviations of a binomial share of 0.95, and a little for a share's steps of 1/400.
    spread = 3.3 * np.sqrt(0.95 * 0.05 / sets)
    assert 0.95 - spread - 0.01 < held / sets < 0.95 + spread


def test_one_seed_one_interval() -> None:
    values = np.random.default_rng(0).random(100)
    first, again, other = (bootstrapped(mean_of(values), 100, 300, seed) for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_the_interval_holds_its_value_even_if_resamples_are_biased() -> None:
    def drawn_twice(weights: Floats) -> dict[str, Floats]:
        return {"share": (weights > 1).mean(axis=1)}

    found = bootstrapped(drawn_twice, 100, 300)["share"]
    assert found.value == found.low == 0
    assert found.high > 0.2


def test_undefined_resamples_do_not_count_and_an_undefined_value_is_left_out() -> None:
    def first_image(weights: Floats) -> dict[str, Floats]:
        drawn = weights[:, 0] > 0
        return {"value": np.where(drawn, 5.0, np.nan), "never": np.full(len(weights), np.nan)}

    found = bootstrapped(first_image, 10, 300)
    assert list(found) == ["value"]
    assert tuple(found["value"]) == (5.0, 5.0, 5.0)
    assert list(measured(first_image, 10)) == ["value"]


def test_without_intervals_low_and_high_are_the_value() -> None:
    assert tuple(measured(mean_of(np.array([0.0, 1.0])), 2)["mean"]) == (0.5, 0.5, 0.5)


@pytest.mark.parametrize(
    ("images", "passes", "resamples"),
    [(1, 1, 1000), (10_000, 10, 1000), (50_000, 40, 1000), (50_000, 80, 500), (50_000, 1000, 200), (10**9, 9, 200)],
)
def test_fewer_resamples_where_the_work_is_huge(images: int, passes: int, resamples: int) -> None:
    assert resamples_for(images, passes) == resamples


def test_a_metric_may_have_an_interval_of_its_own() -> None:
    found = bootstrapped(
        lambda weights: {"one": weights[:, 0], "other": weights[:, 0]},
        10,
        300,
        intervals={"one": lambda value, draws, images: Measured(value, draws.min() - images, value)},
    )
    assert tuple(found["one"]) == (1.0, -10.0, 1.0)
    assert found["other"].low == 0
