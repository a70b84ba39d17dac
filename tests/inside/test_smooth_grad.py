"""SmoothGrad: the same seed gives the same map, in bounded memory. What it is stands in test_captum.py."""

from typing import Any

import numpy as np
import pytest
from tests.inside.subjects import map_by, random_subject

from convsight.errors import UserError
from convsight.explain.method import MethodOptions
from convsight.inside import many_gradients
from convsight.inside.smooth_grad import SmoothGrad


def test_seed_and_number_alone_decide() -> None:
    subject = random_subject("lecture3", 16)
    first = map_by("smoothgrad", subject, samples=3, seed=5)
    np.testing.assert_array_equal(map_by("smoothgrad", subject, samples=3, seed=5), first)
    assert np.abs(map_by("smoothgrad", subject, samples=3, seed=6) - first).max() > 0.01 * first.max()


def test_without_noise_it_is_the_gradient() -> None:
    subject = random_subject("small", 16)
    np.testing.assert_allclose(
        map_by("smoothgrad", subject, samples=2, noise=0.0), map_by("saliency", subject), rtol=1e-4, atol=1e-9
    )


def test_memory_is_bounded_and_batches_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    subject = random_subject("lecture3", 20)
    whole = map_by("smoothgrad", subject, samples=5)
    batches: list[int] = []
    subject.open_network().model.register_forward_hook(lambda _, given, __: batches.append(len(given[0])))
    monkeypatch.setattr(many_gradients, "_MOST_PIXELS", 2 * 400)
    np.testing.assert_allclose(map_by("smoothgrad", subject, samples=5), whole, rtol=1e-4, atol=1e-9)
    assert batches == [2, 2, 1]


def test_it_tells_what_it_was_made_with() -> None:
    assert SmoothGrad(MethodOptions()).settings() == {"samples": 50, "noise": 0.15, "seed": 0}
    assert SmoothGrad(MethodOptions(samples=3, noise=0.0, seed=2)).settings() == {"samples": 3, "noise": 0.0, "seed": 2}
    wrong: list[dict[str, Any]] = [{"noise": -1.0}, {"noise": float("nan")}, {"seed": -1}]
    for options in wrong:
        [(name, value)] = options.items()
        with pytest.raises(UserError, match=f"--{name} {value}: give at least 0"):
            MethodOptions(**options)
    with pytest.raises(UserError, match="--noise inf: give at most 100"):
        MethodOptions(noise=float("inf"))
