"""The classic LIME against the lime package's formulas, written out with scikit-learn, from the same random numbers."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import Ridge
from sklearn.metrics import pairwise_distances
from tests.explain.subjects import Computed, subject_of

from convsight.explain.lime_classic import LimeClassic, classic_coefficients
from convsight.explain.method import MethodOptions
from convsight.explain.regions import Regions, mean_colours

RNG = np.random.default_rng(0)
PICTURE = RNG.integers(0, 256, (20, 30, 3), dtype=np.uint8)
LABELS = np.indices((20, 30))[0] // 5 * 6 + np.indices((20, 30))[1] // 5
WEIGHTS = RNG.normal(size=PICTURE.shape)


def answer(pictures: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = 1 / (1 + np.exp(-(pictures * WEIGHTS).sum(axis=(1, 2, 3)) / 5000))
    return found


def as_lime(samples: int, seed: int) -> NDArray[np.float64]:
    """What lime 0.2's `explain_instance` computes: data_labels, the kernel, the ridge of all features."""
    count = int(LABELS.max()) + 1
    data = np.random.RandomState(seed).randint(0, 2, samples * count).reshape((samples, count))
    data[0, :] = 1
    hidden = PICTURE.copy()
    for region in range(count):
        hidden[region == LABELS] = PICTURE[region == LABELS].mean(axis=0)
    pictures = np.array([np.where((row == 0)[LABELS][:, :, None], hidden, PICTURE) for row in data])
    distances = pairwise_distances(data, data[0].reshape(1, -1), metric="cosine").ravel()
    weights = np.sqrt(np.exp(-(distances**2) / 0.25**2))
    fitted = Ridge(alpha=1, fit_intercept=True).fit(data, answer(pictures.astype(float)), sample_weight=weights)
    found: NDArray[np.float64] = fitted.coef_
    return found


@pytest.mark.parametrize("samples", [1, 2, 50, 700])
@pytest.mark.parametrize("streams", [1, 3])
def test_equals_lime(samples: int, streams: int) -> None:
    regions = Regions(PICTURE, LABELS, mean_colours(PICTURE, LABELS))
    found = classic_coefficients(subject_of(PICTURE, Computed(answer, streams)), regions, samples, seed=5)
    assert found == pytest.approx(as_lime(samples, seed=5), abs=1e-9)
    if samples > 1:
        assert np.abs(found).max() > 1e-3


def test_a_map_has_the_number_of_its_region_everywhere() -> None:
    method = LimeClassic(MethodOptions(samples=60, regions=12, seed=1))
    subject = subject_of(PICTURE, Computed(answer))
    found = method.importance(subject)
    told = method.settings()
    assert told["samples"] == 60
    assert told["ridge"] == 1
    assert len(np.unique(found)) == told["regions"]
    assert found.shape == (20, 30)
