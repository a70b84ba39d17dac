import numpy as np
import pytest
from scipy import stats

from convsight.results.mixture import Mixture, normal_share
from convsight.results.result import InvalidOutputError


def three(seed: int = 0) -> Mixture:
    random = np.random.default_rng(seed)
    weights = random.dirichlet(np.ones(3), 2)
    return Mixture(weights, random.normal(100, 3, (2, 3)), random.uniform(0.2, 2, (2, 3)))


def test_the_normal_distribution_is_that_of_scipy() -> None:
    places = np.linspace(-9, 9, 4001)
    np.testing.assert_allclose(normal_share(places), stats.norm.cdf(places), atol=8e-8)


@pytest.mark.parametrize("seed", range(5))
def test_density_and_interval_are_those_of_scipy(seed: int) -> None:
    mixture, values = three(seed), np.array([99.0, 101.0])
    parts = stats.norm(mixture.means, mixture.deviations)
    density = (mixture.weights * parts.pdf(values[:, None])).sum(axis=1)
    np.testing.assert_allclose(mixture.log_density(values), np.log(density), rtol=1e-9)
    for end, share in zip(mixture.interval(0.9), (0.05, 0.95), strict=True):
        np.testing.assert_allclose((mixture.weights * parts.cdf(end[:, None])).sum(axis=1), share, atol=1e-5)


def test_far_values_have_a_density_in_logarithms() -> None:
    one = Mixture(np.ones((1, 1)), np.zeros((1, 1)), np.ones((1, 1)))
    assert one.log_density(np.array([100.0]))[0] == pytest.approx(stats.norm.logpdf(100.0))


def test_it_is_stretched_around_its_mean() -> None:
    mixture, factors = three(), np.array([2.0, 0.5])
    wide = mixture.stretched(factors)
    np.testing.assert_allclose(wide.mean, mixture.mean)
    for before, after in zip(mixture.interval(), wide.interval(), strict=True):
        np.testing.assert_allclose(after - mixture.mean, (before - mixture.mean) * factors, atol=1e-4)


def test_an_interval_holds_the_mean_though_one_end_lies_beyond() -> None:
    far = Mixture(np.array([[0.96, 0.04]]), np.array([[0.0, 1000.0]]), np.array([[1.0, 1.0]]))
    low, high = far.interval()
    assert low[0] < far.mean[0] == high[0]


@pytest.mark.parametrize(
    ("weights", "means", "deviations"),
    [([[0.5, 0.4]], [[0, 0]], [[1, 1]]), ([[1, 0]], [[0, np.nan]], [[1, 1]]), ([[1, 0]], [[0, 0]], [[1, 0]])],
)
def test_what_is_no_distribution_is_refused(weights: object, means: object, deviations: object) -> None:
    with pytest.raises(InvalidOutputError):
        Mixture(*(np.array(part, np.float64) for part in (weights, means, deviations)))
