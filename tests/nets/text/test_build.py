"""Networks from texts: the lecture's three, how weights start, parameters, and that they train."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from convsight.nets.entry import NetShape
from convsight.nets.lecture_nets import LECTURE1, LECTURE2, LECTURE3
from convsight.nets.text.build import build
from convsight.nets.text.entry import text_entry
from convsight.nets.text.initialise import initialise
from convsight.nets.text.parse import parse
from convsight.nets.text.shape_check import check_text
from convsight.nets.text.steps import walk
from convsight.nets.text.volume import Volume


@pytest.mark.parametrize(
    ("text", "channels", "parameters"), [(LECTURE1, 3, 52_010), (LECTURE2, 3, 52_010), (LECTURE3, 1, 50_890)]
)
def test_the_lectures_nets_as_plain_layers(text: str, channels: int, parameters: int) -> None:
    net = text_entry(text).build(NetShape(10, channels, 28, 28))
    assert sum(parameter.numel() for parameter in net.parameters()) == parameters
    state = net.state_dict()
    images = torch.randn(2, channels, 28, 28)
    maps = images
    for number, stride in ((1, 1), (2, 2)):
        weights = (state[f"conv{number}.weight"], state[f"conv{number}.bias"])
        maps = F.relu(F.conv2d(maps, *weights, stride=stride))
        if "maxpool" in text:  # TensorFlow's same: the odd cell is behind, and never the maximum
            maps = F.max_pool2d(F.pad(maps, (0, 1, 0, 1), value=-math.inf), 2, 1)
    logits = F.linear(maps.flatten(1), state["dense1.weight"], state["dense1.bias"])
    torch.testing.assert_close(net(images), logits)


def test_names_in_the_state() -> None:
    text = "conv 4 3 relu | residual(conv 6 3 stride 2 same | batchnorm) | separable 4 3 | globalavg | dense 2"
    net = build(walk(parse(text).layers, Volume(3, (9, 8))))
    assert [name for name, _ in net.named_parameters()] == [
        *("conv1.weight", "conv1.bias"),
        *("block1.conv1.weight", "block1.conv1.bias", "block1.batchnorm1.weight", "block1.batchnorm1.bias"),
        *("block1.shortcut.weight", "separable1.depthwise.weight", "separable1.pointwise.weight"),
        *("separable1.pointwise.bias", "dense1.weight", "dense1.bias"),
    ]


@pytest.mark.parametrize(
    ("text", "volume", "parameters"),
    [
        ("conv 8 3x5", Volume(3, (9, 9)), (3 * 5 * 3 + 1) * 8),
        ("conv 8 3 groups 2 nobias", Volume(4, (9, 9)), 9 * 2 * 8),
        ("conv 8 3", Volume(4, (9,)), (3 * 4 + 1) * 8),
        ("conv 8 3", Volume(4, (9, 9, 9)), (27 * 4 + 1) * 8),
        ("depthwise 3 multiplier 2", Volume(4, (9, 9)), (9 + 1) * 8),
        ("separable 5 3 multiplier 2", Volume(4, (9, 9)), 9 * 8 + (8 + 1) * 5),
        ("transposed 8 3", Volume(4, (9, 9)), (9 * 4 * 8) + 8),
        ("dense 7", Volume(4), (4 + 1) * 7),
        ("batchnorm", Volume(4, (9, 9)), 8),
        ("batchnorm noscale", Volume(4, (9, 9)), 4),
        ("layernorm | layernorm channels nobias", Volume(4, (9, 9)), 12),
        ("instancenorm noscale nobias | groupnorm 2", Volume(4, (9, 9)), 8),
        ("maxpool 2 relu | zeropad 1 | dropout 0.5 | flatten", Volume(4, (9, 9)), 0),
        ("residual(conv 6 3 same stride 2)", Volume(4, (9, 9)), (9 * 4 + 1) * 6 + 4 * 6),
        ("residual(conv 4 3 same)", Volume(4, (9, 9)), (9 * 4 + 1) * 4),
        ("residual(dense 3)", Volume(4), (4 + 1) * 3 + 4 * 3),
    ],
)
def test_parameters_by_formula(text: str, volume: Volume, parameters: int) -> None:
    net = build(walk(parse(text).layers, volume))
    assert sum(parameter.numel() for parameter in net.parameters()) == parameters


@pytest.mark.parametrize(
    ("text", "spread"),
    [
        ("conv 32 3", "glorot"),
        ("init he | conv 32 3", "he"),
        ("init he | conv 32 3 init glorot", "glorot"),
        ("init glorot | conv 32 3 init random", "random"),
    ],
)
def test_which_start(text: str, spread: str) -> None:
    net = parse(text)
    torch.manual_seed(0)
    found = build(walk(net.layers, Volume(16, (9, 9))), net.init).get_parameter("conv1.weight")
    expected = {"glorot": math.sqrt(2 / (48 * 9)), "he": math.sqrt(2 / (16 * 9)), "random": 0.05}
    assert found.std().item() == pytest.approx(expected[spread], rel=0.05)
    assert (found.abs().max() <= math.sqrt(6 / (48 * 9))).item() == (spread == "glorot")


def test_both_parts_of_a_separable_convolution_start_as_it_says_and_the_shortcut_as_the_net() -> None:
    torch.manual_seed(0)
    text = "init random | residual(separable 64 5 multiplier 4 same init he)"
    net = parse(text)
    built = build(walk(net.layers, Volume(32, (9, 9))), net.init)
    stds = {name: weight.std().item() for name, weight in built.named_parameters() if weight.dim() > 1}
    expected = {
        "block1.separable1.depthwise.weight": math.sqrt(2 / 25),
        "block1.separable1.pointwise.weight": math.sqrt(2 / 128),
        "block1.shortcut.weight": 0.05,
    }
    assert stds == pytest.approx(expected, rel=0.05)
    assert not built.get_parameter("block1.separable1.pointwise.bias").any()


def test_he_of_a_transposed_convolution_counts_what_comes_in() -> None:
    torch.manual_seed(0)
    layer = nn.ConvTranspose2d(16, 64, 3)
    initialise(layer, "he")
    # A number that comes out is a sum over 16 channels of 9 cells.
    assert layer.weight.std().item() == pytest.approx(math.sqrt(2 / (16 * 9)), rel=0.05)


def test_nothing_else_can_start() -> None:
    with pytest.raises(TypeError, match="ReLU"):
        initialise(nn.ReLU(), "he")
    with pytest.raises(ValueError, match="hee"):
        initialise(nn.Linear(2, 2), "hee")


def test_a_residual_block_adds_its_input() -> None:
    maps = torch.randn(2, 3, 5, 5)
    net = build(walk(parse("residual(conv 3 3 same | relu)").layers, Volume(3, (5, 5))))
    block = net.get_submodule("block1")
    expected = torch.relu(block.get_submodule("conv1")(maps)) + maps
    assert torch.equal(net(maps), expected)


def test_a_residual_block_adds_its_projected_input() -> None:
    maps = torch.randn(2, 3, 5, 6)
    net = build(walk(parse("residual(conv 4 3 same stride 2)").layers, Volume(3, (5, 6))))
    block = net.get_submodule("block1")
    shortcut = block.get_submodule("shortcut")
    assert shortcut.get_parameter("weight").shape == (4, 3, 1, 1)
    branch = block.get_submodule("conv1")(block.get_submodule("conv1_pad")(maps))
    assert torch.equal(net(maps), branch + shortcut(maps))


def test_the_softmax_at_the_end_is_left_out_and_no_other() -> None:
    shape = NetShape(2, 1, 8, 8)
    net = text_entry("conv 2 3 softmax | flatten | dense 2 softmax").build(shape)
    assert [name for name, _ in net.named_children()] == ["conv1", "softmax1", "flatten1", "dense1"]
    assert len(check_text("softmax | flatten | dense 2", shape)) == 3


def test_a_network_without_sizes_takes_others_than_it_was_built_for() -> None:
    text = "conv 4 3 stride 2 same | residual(conv 6 3 stride 2 same relu) | avgpool 2 same | globalavg | dense 3"
    net = text_entry(text).build(NetShape(3, 1, 28, 28)).eval()
    for side in (27, 20, 13):
        other = text_entry(text).build(NetShape(3, 1, side, side)).eval()
        other.load_state_dict(net.state_dict())
        images = torch.randn(2, 1, side, side)
        assert torch.equal(net(images), other(images))


def test_gradients_reach_every_parameter() -> None:
    text = (
        "conv 4 3 stride 2 same relu | batchnorm noscale | depthwise 2 multiplier 2 | separable 6 3 same | layernorm | "
        "residual(conv 8 3 stride 2 same | groupnorm 2 | instancenorm) | transposed 4 3 stride 2 same | "
        "layernorm channels | avgpool 3 same | sumpool 2 same | flatten channelslast | dense 5 leakyrelu | dense 3"
    )
    net = text_entry(text).build(NetShape(3, 2, 21, 18))
    net(torch.randn(4, 2, 21, 18)).square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in net.parameters())
