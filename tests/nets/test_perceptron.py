import torch
from torch import nn

from convsight.nets.entry import NetShape
from convsight.nets.perceptron import mlp, perceptron

_SHAPE = NetShape(outputs=10, channels=1, height=28, width=28)


def test_parameters_are_as_stated() -> None:
    assert sum(p.numel() for p in perceptron(_SHAPE).parameters()) == 7_850 == 785 * 10
    assert sum(p.numel() for p in mlp(_SHAPE).parameters()) == 235_146 == 785 * 256 + 257 * 128 + 129 * 10


def test_a_perceptron_is_a_weighted_sum_of_the_pixels() -> None:
    net = perceptron(NetShape(outputs=3, channels=2, height=4, width=5))
    images = torch.rand(6, 2, 4, 5)
    dense = net.get_submodule("dense1")
    assert isinstance(dense, nn.Linear)
    torch.testing.assert_close(net(images), images.flatten(1) @ dense.weight.T + dense.bias)


def test_hidden_layers_answer_nothing_below_zero() -> None:
    net = mlp(_SHAPE)
    assert [type(layer).__name__ for layer in net] == ["Flatten", "Linear", "ReLU", "Linear", "ReLU", "Linear"]
