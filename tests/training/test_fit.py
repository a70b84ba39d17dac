"""The loop: which steps it makes, which weights it averages, what it writes down."""

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.training.begun import begun
from torch import Tensor, nn

from convsight.errors import UserError
from convsight.progress import Silent
from convsight.training.clock import Clock
from convsight.training.fit import fit
from convsight.training.state import Training


def small(photos: Path, folder: Path, **choices: Any) -> Training:
    """A training of a small network, before its first step."""
    t = begun(photos, folder / "run", net="lecture3", size=14, batch=4, export=False, **choices)
    t.run.path.mkdir()
    return t


def weights(t: Training) -> list[Tensor]:
    return [copy.deepcopy(weight.detach()) for weight in t.learner.network.parameters()]


def noted_steps(t: Training) -> list[list[Tensor]]:
    """The weights after each of the optimizer's steps that are still to come."""
    found: list[list[Tensor]] = []
    for optimizer in t.update.states().values():
        optimizer.register_step_post_hook(lambda *_: found.append(weights(t)))
    return found


def test_batches_that_are_left_over_at_the_end_of_an_epoch_make_a_step(photos: Path, tmp_path: Path) -> None:
    t = small(photos, tmp_path, epochs=2, accumulate=100, ema=0.0)
    before, steps = weights(t), noted_steps(t)
    assert 1 < t.loader.steps < 100
    fit(t, Silent())
    assert len(steps) == 2
    assert not any(torch.equal(one, other) for one, other in zip(before, weights(t), strict=True))


def test_epochs_without_a_validation_are_epochs_all_the_same(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    each = small(photos, tmp_path / "each", epochs=5)
    fit(each, Silent())
    monkeypatch.setattr(Clock, "epochs_a_validation", 2)
    some = small(photos, tmp_path / "some", epochs=5)
    fit(some, Silent())
    assert [row["epoch"] for row in each.rows] == [1, 2, 3, 4, 5]
    assert [row["epoch"] for row in some.rows] == [2, 4, 5]
    assert (some.epoch, some.step) == (each.epoch, each.step)
    assert all(torch.equal(one, other) for one, other in zip(weights(each), weights(some), strict=True))
    patient = small(photos, tmp_path / "patient", epochs=2, patience=9)
    fit(patient, Silent())
    assert len(patient.rows) == 2


@pytest.mark.parametrize("accumulate", [1, 3])
def test_the_averaged_weights_are_those_of_every_step_by_its_number(
    photos: Path, tmp_path: Path, accumulate: int
) -> None:
    t = small(photos, tmp_path, epochs=2, ema=0.9, accumulate=accumulate)
    expected, steps = weights(t), noted_steps(t)
    assert t.loader.steps % 3, "batches must be left over"
    fit(t, Silent())
    assert len(steps) == 2 * -(-t.loader.steps // accumulate)
    for number, current in enumerate(steps):
        kept = min(0.9, (1 + number) / (10 + number))
        expected = [kept * mean + (1 - kept) * new for mean, new in zip(expected, current, strict=True)]
    assert t.ema is not None
    for mean, wanted in zip(t.ema.model.parameters(), expected, strict=True):
        torch.testing.assert_close(mean, wanted)


def test_infinite_weights_of_a_network_that_is_not_kept_are_found(photos: Path, tmp_path: Path) -> None:
    t = small(photos, tmp_path, epochs=1)
    critic = nn.Linear(2, 2)
    t.learner.add_module("critic", critic)
    nn.init.constant_(critic.weight, torch.inf)
    with pytest.raises(UserError, match="the weights became infinite in epoch 1"):
        fit(t, Silent())


def test_a_stop_between_epochs_that_share_a_validation_keeps_their_steps(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Clock, "epochs_a_validation", 2)
    t = small(photos, tmp_path, epochs=2)
    epoch = t.loader.epoch

    def stopped(number: int, *others: Any) -> Any:
        if number == 1:
            raise KeyboardInterrupt
        return epoch(number, *others)

    monkeypatch.setattr(t.loader, "epoch", stopped)
    with pytest.raises(KeyboardInterrupt):
        fit(t, Silent())
    assert t.saved_step == t.step == t.loader.steps
