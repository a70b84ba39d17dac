from typing import Any

import numpy as np
import pytest
import torch
from torch import distributions as D
from torch.nn import functional as F

from convsight.errors import UserError
from convsight.tasks import task_of
from convsight.tasks.choices import train_settings
from convsight.tasks.regression.distributions import Gaussian, GaussianMixture, Point, answer_of
from convsight.tasks.regression.light.settings import RegressionSettings


def outputs(per_number: int) -> torch.Tensor:
    return 2 * torch.randn(7, 3, per_number, generator=torch.Generator().manual_seed(0))


WANTED = torch.randn(7, 3, generator=torch.Generator().manual_seed(1))


def _nll(parts: Any) -> torch.Tensor:
    found: torch.Tensor = -parts.log_prob(WANTED).mean()
    return found


def test_a_mixture_is_that_of_torch() -> None:
    answer, given = GaussianMixture(4), outputs(12)
    weights, means, deviations = answer.told(given)
    parts = D.MixtureSameFamily(D.Categorical(weights), D.Normal(means, deviations))
    torch.testing.assert_close(answer.loss(given, WANTED), _nll(parts), rtol=1e-4, atol=1e-4)


def test_components_begin_apart() -> None:
    assert GaussianMixture(3).told(torch.zeros(1, 1, 9)).means.tolist() == [[[-1.5, 0.0, 1.5]]]


def test_the_gaussian_loss_is_the_weighted_likelihood() -> None:
    given = outputs(2).requires_grad_()
    answer = Gaussian()
    _, means, deviations = (part[..., 0] for part in answer.told(given))
    nll = F.gaussian_nll_loss(means, WANTED, deviations.square(), reduction="none", eps=0)
    torch.testing.assert_close(answer.loss(given, WANTED), (nll * deviations.detach()).mean())


@pytest.mark.parametrize(("loss", "expected"), [("mse", F.mse_loss), ("mae", F.l1_loss), ("huber", F.huber_loss)])
def test_losses_of_a_point_are_those_of_torch(loss: str, expected: object) -> None:
    given = outputs(1)
    torch.testing.assert_close(Point(loss, 1.0).loss(given, WANTED), expected(given[..., 0], WANTED))  # type: ignore[operator]


def test_huber_takes_where_it_becomes_straight() -> None:
    given = outputs(1)
    answer = answer_of(RegressionSettings(loss="huber", huber_delta=0.25))
    torch.testing.assert_close(answer.loss(given, WANTED), F.huber_loss(given[..., 0], WANTED, delta=0.25))


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"components": 3}, "--components is for --loss mixture, and does nothing for gaussian"),
        ({"loss": "mse", "huber_delta": 0.5}, "--huber-delta is for --loss huber, and does nothing for mse"),
        ({"loss": "l2"}, "loss='l2'"),
    ],
)
def test_choices_without_effect_are_refused(choices: dict[str, object], words: str) -> None:
    with pytest.raises(UserError, match=words):
        task_of("regression").net("small", train_settings(data="x", task="regression", **choices))


def test_all_have_a_width_whatever_a_network_says() -> None:
    for answer in (Gaussian(), GaussianMixture(2)):
        told = answer.told(torch.full((1, 1, answer.per_number), -1e4))
        assert float(told.deviations.min()) > 0
        assert np.isclose(float(told.weights.sum()), 1)
