import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import nn

from convsight.tasks.multilabel.head_start import fit_head


def test_each_label_is_a_logistic_regression_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    features = (random.normal(size=(200, 6)) * [1, 5, 0.5, 1, 1, 1] + [0, 30, 0, 0, 0, 7]).astype(np.float32)
    scores = features @ random.normal(size=(6, 3)) + random.normal(size=(200, 3))
    present = scores > np.quantile(scores, [0.5, 0.8, 0.1], axis=0).diagonal()
    head = nn.Linear(6, 3)
    loss = fit_head(head, features, present)
    scaled = StandardScaler().fit_transform(features)
    with torch.no_grad():
        found = head(torch.from_numpy(features)).sigmoid().numpy()
    for label in range(3):
        model = LogisticRegression(C=0.1, tol=1e-8, max_iter=1000).fit(scaled, present[:, label])
        np.testing.assert_allclose(found[:, label], model.predict_proba(scaled)[:, 1], atol=5e-3)
    told = np.where(present, found, 1 - found)
    assert loss == pytest.approx(-np.log(told).mean(), rel=1e-3)


def test_a_label_that_no_image_has_and_features_that_do_not_vary_stay_finite() -> None:
    head = nn.Linear(3, 2)
    features = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    features[:, 1] = 4.0
    present = np.stack([features[:, 0] > 0, np.zeros(40, np.bool_)], axis=1)
    assert np.isfinite(fit_head(head, features, present))
    assert all(bool(values.isfinite().all()) for values in head.parameters())
    with torch.no_grad():
        told = head(torch.from_numpy(features)).sigmoid()
    assert float(told[:, 1].max()) < 0.1


def test_a_feature_that_hardly_varies_gets_no_wild_weight() -> None:
    random = np.random.default_rng(0)
    features = random.normal(size=(60, 5)).astype(np.float32)
    present = features[:, :1] + random.normal(size=(60, 1)) > 0
    features[:, 4] = 1e-4 * (features[:, 0] + random.normal(size=60))
    head = nn.Linear(5, 1)
    fit_head(head, features, present)
    assert float(head.weight.detach().abs().max()) < 5
