"""Layers as people count them: what goes on with a convolution is of its layer, a sum is one of its own."""

import numpy as np
import pytest
import torch
from tests.inside.networks import opened
from torch import Tensor

from convsight.errors import UserError
from convsight.inside.run_by_layers import Stop, run_by_layers, stop_called, stops_of


def test_layers_of_a_residual_network() -> None:
    network = opened("resnet18", 64)
    planes = network.planes(np.zeros((1, 64, 64, 3), np.uint8))
    seen: dict[int, Tensor] = {}

    def see(position: int, stop: Stop, maps: Tensor) -> None:
        seen[position] = maps.clone()

    stops = run_by_layers(network, planes, see)
    first, pool, conv, second, total = stops[:5]
    assert first.names == ("conv1", "bn1", "relu")
    assert first.kinds == ("Conv2d", "BatchNorm2d", "ReLU")
    assert first.volume == (32, 32, 64)
    assert first.field.text == "7x7"
    assert pool.names == ("maxpool",)
    assert pool.field.text == "11x11"
    assert conv.names == ("layer1.0.conv1", "layer1.0.bn1", "layer1.0.relu")
    assert conv.use == 1
    assert second.names == ("layer1.0.conv2", "layer1.0.bn2")
    assert total.names == ("layer1.0.relu",)
    assert total.use == 2
    assert sorted(seen) == list(range(len(stops)))
    with torch.no_grad():
        wanted = planes
        for name in ("conv1", "bn1", "relu", "maxpool"):
            wanted = network.layer(name)(wanted)
    assert torch.equal(seen[1], wanted)
    assert seen[0].min() >= 0  # what came last under the position counts


def test_a_sum_without_a_layer_behind_it_is_its_blocks() -> None:
    network = opened("mobilenet_v2", 64)
    stops = stops_of(network, network.planes(np.zeros((1, 64, 64, 3), np.uint8)))
    assert "features.3" in [stop.name for stop in stops]
    assert stop_called(stops, "features.0.1").name == "features.0.0"


def test_a_name_that_is_none_gets_the_nearest() -> None:
    network = opened("conv 4 3x3 relu | globalavg | dense classes")
    stops = stops_of(network, network.planes(np.zeros((1, 24, 24, 3), np.uint8)))
    with pytest.raises(UserError, match="layer"):
        stop_called(stops, f"{stops[0].name}x")
