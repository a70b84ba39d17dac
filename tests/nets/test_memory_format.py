"""Weights of images lie channels last, others as they are."""

import pytest
import torch
from torch import nn

from convsight.nets.memory_format import channels_last


@pytest.mark.parametrize("layer", [nn.Conv1d, nn.Conv2d, nn.Conv3d])
def test_weights_of_images_lie_channels_last_and_all_keep_their_values(layer: type[nn.Conv2d]) -> None:
    network = nn.Sequential(layer(4, 6, 3), nn.ReLU())
    weight = next(network.parameters())
    before = weight.detach().clone()
    assert channels_last(network) is network
    assert next(network.parameters()) is weight
    assert torch.equal(weight, before)
    assert (weight.stride()[1] == 1) == (weight.ndim in {4, 5})
