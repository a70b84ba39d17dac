"""Schedules, held against PyTorch's own."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler

from convsight.errors import UserError
from convsight.settings import TrainSettings
from convsight.training.plateau import Plateau
from convsight.training.schedule import SCHEDULES, factor

EPOCHS, STEPS = 30, 4


def ours(**choices: Any) -> list[float]:
    """The factor of every step of a training of `EPOCHS` epochs."""
    settings = TrainSettings.of(data="photos", **choices)
    return [factor(settings, step / (EPOCHS * STEPS), step // STEPS) for step in range(EPOCHS * STEPS)]


def theirs(schedule: Callable[[torch.optim.Optimizer], lr_scheduler.LRScheduler], each_epoch: bool) -> list[float]:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler, rates = schedule(optimizer), []
    for step in range(EPOCHS * STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if not each_epoch or (step + 1) % STEPS == 0:
            scheduler.step()
    return rates


@pytest.mark.parametrize(
    ("choices", "schedule", "each_epoch"),
    [
        ({"schedule": "constant"}, lambda o: lr_scheduler.ConstantLR(o, 1.0), False),
        (
            {"schedule": "step", "step_every": 7, "step_factor": 0.3},
            lambda o: lr_scheduler.StepLR(o, 7, 0.3),
            True,
        ),
        ({"schedule": "step"}, lambda o: lr_scheduler.MultiStepLR(o, [10, 20], 0.1), True),
        (
            {"schedule": "cosine", "end_factor": 0.02},
            lambda o: lr_scheduler.CosineAnnealingLR(o, EPOCHS * STEPS, 0.02),
            False,
        ),
        (
            {"schedule": "onecycle", "end_factor": 0.25},
            lambda o: lr_scheduler.LinearLR(o, 1.0, 0.25, EPOCHS * STEPS),
            False,
        ),
    ],
)
def test_after_warm_up_they_are_pytorchs(
    choices: dict[str, Any], schedule: Callable[[Any], lr_scheduler.LRScheduler], each_epoch: bool
) -> None:
    assert ours(warmup=0, **choices) == pytest.approx(theirs(schedule, each_epoch))


@pytest.mark.parametrize("name", SCHEDULES)
def test_warm_up_is_pytorchs_with_every_schedule(name: str) -> None:
    warming = theirs(lambda o: lr_scheduler.LinearLR(o, 0.05, 1.0, EPOCHS * STEPS // 4), False)[: EPOCHS * STEPS // 4]
    assert ours(schedule=name, warmup=0.25, start_factor=0.05)[: len(warming)] == pytest.approx(warming)


def test_plateau_is_pytorchs_and_goes_on_from_its_state() -> None:
    values = [0.1, 0.3, 0.3, 0.2, 0.3, 0.29, 0.31, 0.3, 0.3, 0.3, 0.2, 0.2, 0.2, 0.1, 0.1, 0.4, 0.4, 0.4, 0.4, 0.4]
    settings = TrainSettings.of(
        data="photos", schedule="plateau", plateau_epochs=3, plateau_factor=0.3, end_factor=0.02
    )
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    oracle = lr_scheduler.ReduceLROnPlateau(optimizer, "max", 0.3, 2, 0.0, min_lr=0.02)
    plateau, shares = Plateau.of(settings), set()
    assert plateau is not None
    for value in values:
        before = plateau.share
        assert plateau.take(value) == (plateau.share < before)
        oracle.step(value)
        assert plateau.share == pytest.approx(optimizer.param_groups[0]["lr"])
        shares.add(plateau.share)
        state, plateau = plateau.state(), Plateau.of(settings)
        assert plateau is not None
        plateau.restore(state)
    assert len(shares) == 5  # it did fall, and to the least
    assert Plateau.of(TrainSettings.of(data="photos")) is None


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"step_every": 10}, "--step-every goes with --schedule step, not with onecycle: leave it out"),
        (
            {"schedule": "constant", "end_factor": 0.1},
            "--end-factor goes with --schedule onecycle or cosine or plateau",
        ),
        ({"plateau_epochs": 2, "schedule": "cosine"}, "--plateau-epochs goes with --schedule plateau, not with cosine"),
        ({"warmup": 0, "start_factor": 0.1}, "--start-factor is where warm-up begins"),
        ({"optimizer": "adamw", "momentum": 0.9}, "--momentum goes with --optimizer sgd or muon or rmsprop, not"),
        ({"optimizer": "sgd", "beta1": 0.9}, "--beta1 goes with --optimizer adamw or adam or muon, not with sgd"),
        (
            {"optimizer": "sgd", "momentum": 0, "nesterov": True},
            "--nesterov looks ahead along the momentum, which is 0",
        ),
        ({"optimizer": "sgd", "momentum": 1.0}, "momentum=1.0"),
    ],
)
def test_a_parameter_that_does_nothing_is_refused(choices: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message.replace("(", r"\(")):
        TrainSettings.of(data="photos", **choices)
