"""The averaged weights: which they are, which buffers they take, and that they are a copy."""

import numpy as np
import pytest
import torch
from torch import nn

from convsight.training.ema import Ema


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))


def moved(model: nn.Module, step: int) -> None:
    """Other weights, statistics and counters, as after a step."""
    generator = torch.Generator().manual_seed(step)
    with torch.no_grad():
        for value in model.state_dict().values():
            if value.is_floating_point():
                value.copy_(torch.randn(value.shape, generator=generator))
            else:
                value.fill_(step + 7)


@pytest.mark.parametrize("decay", [0.0, 0.4, 0.995])
def test_every_step_counts_by_the_decay_which_warms_up(decay: float) -> None:
    model = network()
    ema = Ema(model, decay)
    expected = {name: value.double().numpy().copy() for name, value in model.state_dict().items()}
    for step in range(30):
        moved(model, step)
        ema.update(model, step)
        kept = min(decay, (1 + step) / (10 + step))
        for name, value in model.state_dict().items():
            new = value.double().numpy()
            expected[name] = kept * expected[name] + (1 - kept) * new if value.is_floating_point() else new
    for name, value in ema.model.state_dict().items():
        np.testing.assert_allclose(value.numpy(), expected[name], atol=1e-5, err_msg=name)


def test_the_random_start_is_nearly_forgotten_at_once() -> None:
    model = network()
    start = model.state_dict()["0.weight"].clone()
    ema = Ema(model, 0.995)
    moved(model, 0)
    ema.update(model, 0)
    expected = 0.1 * start + 0.9 * model.state_dict()["0.weight"]
    torch.testing.assert_close(ema.model.state_dict()["0.weight"], expected)


def test_counters_are_those_of_the_last_step() -> None:
    model = network()
    ema = Ema(model, 0.9)
    for step in (0, 1):
        moved(model, step)
        ema.update(model, step)
    assert ema.model.state_dict()["1.num_batches_tracked"] == 8


def test_a_weight_with_two_names_is_averaged_once() -> None:
    layer = nn.Linear(3, 3)
    tied, ema = nn.Sequential(layer, layer), Ema(nn.Sequential(layer, layer), 0.5)
    start = layer.weight.detach().clone()
    moved(tied, 100)
    ema.update(tied, 100)
    torch.testing.assert_close(ema.model.state_dict()["1.weight"], (start + layer.weight.detach()) / 2)


def test_it_is_a_copy_that_answers_and_does_not_learn() -> None:
    model = network().train()
    ema = Ema(model, 0.9)
    before = {name: value.clone() for name, value in ema.model.state_dict().items()}
    moved(model, 3)
    for name, value in ema.model.state_dict().items():
        assert torch.equal(value, before[name])
    assert not ema.model.training
    assert not any(parameter.requires_grad for parameter in ema.model.parameters())
    assert model.training
    assert all(parameter.requires_grad for parameter in model.parameters())
    ema.update(model, 0)
    assert not any(parameter.requires_grad for parameter in ema.model.parameters())
    assert not torch.equal(ema.model.state_dict()["0.bias"], model.state_dict()["0.bias"])
