"""The last layer of a pretrained network, fitted to numbers."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import RidgeCV
from torch import nn

from convsight.tasks.regression.distributions import Answer, Gaussian, GaussianMixture, Point
from convsight.tasks.regression.head_start import fit_head

ANSWERS = [Point("mse", 1.0), Gaussian(), GaussianMixture(3)]


def learnt(images: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Features of other scales, and two numbers that follow from them but for noise of 0.3 and 0.1."""
    random = np.random.default_rng(0)
    features = (random.normal(size=(images, 12)) * np.linspace(0.5, 4, 12) + 3).astype(np.float32)
    exact = (features - 3) @ random.normal(size=(12, 2)) / 8
    return features, exact + random.normal(size=(images, 2)) * [0.3, 0.1]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: type(answer).__name__)
def test_it_tells_what_scikit_learn_does_and_how_far_it_is_wrong(answer: Answer) -> None:
    features, wanted = learnt()
    head = nn.Linear(12, 2 * answer.per_number)
    loss = fit_head(head, features, wanted, answer)
    with torch.no_grad():
        outputs = torch.unflatten(head(torch.from_numpy(features)), 1, (2, answer.per_number))
        weights, means, deviations = answer.told(outputs)
        assert loss == pytest.approx(float(answer.loss(outputs, torch.from_numpy(wanted).float())), rel=1e-4)
    told = (weights * means).sum(dim=2).numpy()
    standardised = (features - features.mean(axis=0)) / features.std(axis=0)
    expected = RidgeCV(np.logspace(0, 5, 11), alpha_per_target=True).fit(standardised, wanted).predict(standardised)
    assert told == pytest.approx(expected, abs=1e-3)
    if not isinstance(answer, Point):
        assert deviations[..., 0].mean(dim=0).numpy() == pytest.approx([0.3, 0.1], rel=0.2)
    assert len({round(float(mean), 4) for mean in means[0, 0]}) == means.shape[2]  # components lie side by side


def test_features_that_do_not_vary_and_a_number_that_is_told_exactly_stay_finite() -> None:
    features, _ = learnt(20)
    features[:, 3] = 1.0
    wanted = features[:, :1].astype(np.float64)
    for answer in ANSWERS:
        head = nn.Linear(12, answer.per_number)
        assert np.isfinite(fit_head(head, features, wanted, answer))
        assert all(bool(weight.isfinite().all()) for weight in head.parameters())
