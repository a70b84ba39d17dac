"""Maps of every layer: which channels are shown, what is kept of them, and how large a sheet becomes."""

import numpy as np
import pytest
import torch
from PIL import Image
from tests.inside.networks import layers_of, opened, zeroed
from torch import nn

from convsight.errors import UserError
from convsight.inside.feature_maps import MOST_LAYERS, SIDE, feature_maps
from convsight.inside.feature_sheet import feature_sheet


def test_the_strongest_channels_come_first_as_they_are() -> None:
    network = opened("conv 5 1x1 relu | conv 3 3x3 same | globalavg | dense classes", 70)
    (_, first), _ = layers_of(network, nn.Conv2d)
    kernels, biases = zeroed(first)
    biases.copy_(torch.tensor([1.0, 4.0, 2.0, 4.0, 0.0]))
    kernels[2, 0] = 1.0
    array = np.random.default_rng(0).integers(0, 255, (70, 70, 3)).astype(np.uint8)
    layers = feature_maps(network, array, channels=3)
    assert layers[0].channels == (1, 3, 2)  # of equals the first
    assert layers[0].lows[2] < layers[0].highs[2]
    assert layers[0].maps.shape == (3, SIDE, SIDE)
    assert layers[1].maps.shape == (3, SIDE, SIDE)
    assert layers[1].stop.volume == (70, 70, 3)
    assert layers[1].to_json()["receptive_field"] == "3x3"
    again = feature_maps(network, array, channels=3)
    assert all(np.array_equal(one.maps, other.maps) for one, other in zip(layers, again, strict=True))


def test_one_layer_alone_and_an_unknown_one() -> None:
    network = opened("resnet18", 64)
    array = np.zeros((64, 64, 3), np.uint8)
    layers = feature_maps(network, array, 4, "layer2.0")
    assert all(any(name.startswith("layer2.0") for name in each.stop.names) for each in layers)
    with pytest.raises(UserError, match="unknown layer 'layr2'; did you mean layer2"):
        feature_maps(network, array, 4, "layr2")


def test_a_sheet_is_bounded_whatever_the_network() -> None:
    network = opened("densenet121", 64)  # of more layers than a sheet has rows
    layers = feature_maps(network, np.zeros((64, 64, 3), np.uint8), channels=12)
    assert len(layers) == MOST_LAYERS
    assert layers[0].stop.name == "features.conv0"
    sheet = feature_sheet(layers, Image.new("RGB", (4000, 300)), "a title of some words " * 9)
    assert sheet.width < 1200
    assert sheet.height < 6500
