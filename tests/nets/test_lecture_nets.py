"""The Keras networks of the lecture: parameters counted there, and how Keras starts them."""

import math
from itertools import pairwise

import pytest
import torch
from torch import nn

from convsight.nets.catalogue import NetShape, build_net

_NETS = [("lecture1", 3, 52_010), ("lecture2", 3, 52_010), ("lecture3", 1, 50_890)]


@pytest.mark.parametrize(("name", "channels", "expected"), _NETS)
def test_parameter_count_is_the_lectures(name: str, channels: int, expected: int) -> None:
    net = build_net(name, NetShape(outputs=10, channels=channels, height=28, width=28))
    assert sum(parameter.numel() for parameter in net.parameters()) == expected


@pytest.mark.parametrize(
    ("name", "channels", "expected"),
    [
        ("lecture1", 3, [(16, 26, 26), (32, 11, 11)]),
        ("lecture2", 3, [(16, 26, 26), (16, 26, 26), (32, 11, 11), (32, 11, 11)]),
        ("lecture3", 1, [(16, 26, 26), (16, 26, 26), (32, 12, 12), (32, 12, 12)]),
    ],
)
def test_shapes_of_the_feature_maps_are_keras(name: str, channels: int, expected: list[tuple[int, int, int]]) -> None:
    net = build_net(name, NetShape(10, channels, 28, 28))
    maps = torch.zeros(1, channels, 28, 28)
    found = []
    for layer in net.children():
        maps = layer(maps)
        if not isinstance(layer, nn.ReLU) and maps.dim() == 4:
            found.append(tuple(maps.shape[1:]))
    assert found == expected


@pytest.mark.parametrize(("name", "channels", "_"), _NETS)
def test_weights_are_glorot_uniform_and_biases_zero(name: str, channels: int, _: int) -> None:
    torch.manual_seed(0)
    net = build_net(name, NetShape(10, channels, 28, 28))
    layers = [layer for layer in net.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    assert len(layers) == 3
    for layer in layers:
        weight = layer.weight.detach()
        area = weight[0, 0].numel()
        bound = math.sqrt(6 / ((weight.shape[0] + weight.shape[1]) * area))  # Glorot and Bengio 2010, equation 16
        assert weight.abs().max() <= bound
        assert weight.abs().max() > 0.95 * bound
        # An even spread over [-bound, bound] deviates by bound / sqrt(3); the smallest layer has 144 weights.
        assert weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.2)
        assert layer.bias is not None
        assert not layer.bias.any()


@pytest.mark.parametrize(("name", "channels", "_"), _NETS)
def test_every_weighted_layer_but_the_last_is_followed_by_relu(name: str, channels: int, _: int) -> None:
    layers = list(build_net(name, NetShape(10, channels, 28, 28)).children())
    for layer, following in pairwise(layers):
        assert isinstance(layer, nn.Conv2d) == isinstance(following, nn.ReLU)
    assert isinstance(layers[-1], nn.Linear)  # logits, as the lecture's loss has from_logits=True


@pytest.mark.parametrize(("name", "channels", "_"), _NETS)
def test_oblong_images_of_odd_sides(name: str, channels: int, _: int) -> None:
    shape = NetShape(4, channels, height=31, width=18)
    assert build_net(name, shape)(torch.zeros(2, channels, 31, 18)).shape == (2, 4)
