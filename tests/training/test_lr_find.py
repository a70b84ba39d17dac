"""A rate found by trying: what is suggested, what is left behind, and for every task."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.command import within

from convsight.errors import UserError
from convsight.progress import Silent
from convsight.tasks.choices import train_settings
from convsight.training.lr_find import find_rate, smoothed, suggestion

NET = "conv 8 3x3 same | batchnorm | relu | globalavg | dense classes"
FAST: dict[str, Any] = {"net": NET, "size": 12, "batch": 8}


def test_the_suggestion_is_below_the_rate_at_which_a_parabola_diverges() -> None:
    # Of loss = curvature * w ** 2 / 2, gradient descent diverges from 2 / curvature on.
    curvature = 50.0
    rates = list(np.geomspace(1e-6, 10, 100))
    weight, losses = torch.ones(1, dtype=torch.float64), []
    for rate in rates:
        losses.append(float(curvature * weight**2 / 2))
        weight = weight - rate * curvature * weight
        if losses[-1] > 1e6:
            break
    suggested, steepest = suggestion(rates, smoothed(losses, 100))
    assert suggested is not None
    assert steepest is not None
    assert 0.01 / curvature < suggested < 2 / curvature
    assert steepest < 2 / curvature


def test_a_loss_that_wanders_before_anything_moves_is_not_taken_for_one_that_falls() -> None:
    # Photos that a small network hardly learns: 0.75 to 0.71 and back by chance, then a fall to 0.67 and a rise.
    still = [0.75, 0.74, 0.71, 0.72, 0.73, 0.72, 0.72, 0.72]
    rates = [10.0 ** (step / 4 - 6) for step in range(40)]
    chance = [*still, *[0.72] * 22, *[0.9] * 10]
    assert suggestion(rates, chance) == (None, None)
    falls = [*still, *[0.72] * 12, 0.69, 0.65, 0.68, *[0.9] * 17]
    assert suggestion(rates, falls)[0] == pytest.approx(0.1 * rates[21], rel=0.05)


def test_smoothing_is_a_corrected_exponential_mean() -> None:
    losses = list(np.random.default_rng(0).normal(2, 1, 30))
    assert smoothed(losses, 10) == pytest.approx(losses)
    weights = 0.9 ** np.arange(30)[::-1]
    assert smoothed(losses, 100)[-1] == pytest.approx(float((weights * losses).sum() / weights.sum()))


def test_nothing_trained_is_left_and_the_same_call_finds_the_same(photos: Path, tmp_path: Path) -> None:
    before = set(tmp_path.iterdir())
    settings = train_settings(data=str(photos), optimizer="sgd", **FAST)
    one, other = (find_rate(settings, Silent(), steps=40) for _ in range(2))
    assert one == other
    assert set(tmp_path.iterdir()) == before
    assert len(one.rates) == len(one.losses) == len(one.smoothed) <= 40
    assert one.rates[0] == 1e-6
    assert one.suggested is None or one.suggested < one.rates[-1]
    assert all(math.isfinite(loss) for loss in one.losses)
    with pytest.raises(UserError, match=r"--lowest 1 must lie below --highest 0\.1, both above 0"):
        find_rate(settings, Silent(), lowest=1.0, highest=0.1)


def test_the_verb_draws_and_writes_and_refuses_what_does_nothing(photos: Path, tmp_path: Path) -> None:
    words = ["lr-find", str(photos), "--net", NET, "--size", "12", "--steps", "20", "--format", "json"]
    done = within(*words, "--out", "found.png", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    document = json.loads((tmp_path / "found.json").read_text())
    assert document == json.loads(done.stdout)
    assert document["optimizer"] == "muon"
    assert {path.name for path in tmp_path.iterdir()} == {"found.png", "found.json", "photos"}
    assert (tmp_path / "found.png").read_bytes()[:4] == b"\x89PNG"
    for idle in (["--schedule", "step"], ["--epochs", "3"], ["--lr", "1"]):
        assert within("lr-find", str(photos), *idle, cwd=tmp_path).returncode == 2


@pytest.mark.slow
def test_a_detector_learns_by_its_own_losses() -> None:
    settings = train_settings(data="shapes", task="detection", size=64, batch=8, augment="none")
    assert len(find_rate(settings, Silent(), steps=10).losses) == 10
