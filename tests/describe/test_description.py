"""Descriptions against the lectures' numbers, real forward passes, and PyTorch's own counter."""

import math
from typing import Any

import pytest
import torch
from tests.contracts.nets import ONE_OF_EACH
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from convsight.describe import describe
from convsight.describe.description import Description, describe_module
from convsight.describe.resolve import resolve_net
from convsight.nets.catalogue import build_net, net_entry, net_names
from convsight.nets.dry_run.build import build_without_memory
from convsight.nets.entry import NetShape
from convsight.nets.torchvision_nets import torchvision_names

SMALL = 15_000_000  # parameters up to which a test also runs a network with numbers


def described(name: str) -> Description:
    subject = resolve_net(name, None, None)
    return describe_module(subject.model, subject.shape, name)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("vgg16", 138_357_544), ("lecture1", 52_010), ("lecture2", 52_010), ("lecture3", 50_890)],
)
def test_the_lectures_parameter_counts(name: str, parameters: int) -> None:
    assert described(name).parameters == parameters


def test_the_lectures_worked_side() -> None:
    found = describe_module(nn.Conv2d(3, 4, 5, stride=2), (3, 256, 256))
    assert found.layers[0].output == (126, 126, 4)  # the slide says 125
    assert found.layers[0].output_formula == "floor((256 - 5)/2) + 1 = 126"


def returned_shapes(net: nn.Module) -> dict[str, tuple[int, ...]]:
    """The shapes, without the batch, that the layers of `net` will return when it runs, by their names."""
    seen: dict[str, tuple[int, ...]] = {}

    def note(path: str, out: Any) -> None:
        if isinstance(out, Tensor):
            seen.setdefault(path, tuple(out.shape[1:]))

    for path, module in net.named_modules():
        if path and not list(module.children()):
            module.register_forward_hook(lambda _, __, out, path=path: note(path, out))
    return seen


def assert_formulas_hold(found: Description) -> None:
    """Every formula, evaluated, gives the number beside it."""
    for layer in found.layers:
        assert layer.parameters == eval(layer.parameters_formula or "0"), layer.name
        assert layer.multiply_adds == eval(layer.multiply_adds_formula or "0"), layer.name
        for part in filter(None, layer.output_formula.split("; ")):
            if " = " in part:
                left, right = part.replace(" learnt", "").split(" = ")
                assert eval(left, {"floor": math.floor, "ceil": math.ceil}) == int(right), layer.name


# Within an architecture, networks differ only in depth and width.
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name in {*torchvision_names()} - ONE_OF_EACH else [])
        for name in net_names()
    ],
)
def test_every_net_of_the_catalogue_is_counted_as_pytorch_counts_it(name: str) -> None:
    entry = net_entry(name)
    shape = entry.default_shape
    net = build_without_memory(entry, shape)
    found = describe_module(net, shape.planes, name)
    assert found.parameters == sum(value.numel() for value in net.parameters())
    seen = returned_shapes(net)
    with FlopCounterMode(display=False) as counter:
        net(torch.empty(1, *shape.planes, device="meta"))
    assert found.flops == counter.get_total_flops()
    rows = {layer.name: layer.output for layer in found.layers}
    assert [path for path, out in seen.items() if path in rows and rows[path] not in (out, (*out[1:], out[0]))] == []
    assert_formulas_hold(found)
    assert not [layer.name for layer in found.layers if layer.kind == "not used"]
    assert len({layer.name for layer in found.layers}) == len(found.layers)


@pytest.mark.parametrize(
    "name", ["small", "lecture2", "lenet5", "squeezenet1_1", "mobilenet_v3_small", "shufflenet_v2_x0_5", "googlenet"]
)
def test_volumes_are_those_of_a_real_forward_pass(name: str) -> None:
    entry = net_entry(name)
    net = build_net(name, NetShape(entry.outputs, entry.channels, entry.side, entry.side)).eval()
    seen: dict[str, list[tuple[int, ...]]] = {}
    for path, module in net.named_modules():
        if not list(module.children()):
            module.register_forward_hook(lambda _, __, out, path=path: seen.setdefault(path, []).append(out.shape[1:]))
    with torch.no_grad():
        net(torch.randn(1, entry.channels, entry.side, entry.side))
    rows = {layer.name: layer for layer in described(name).layers}
    checked = 0
    for path, shapes in seen.items():
        for use, shape in enumerate(shapes, start=1):
            row = rows.get(path if use == 1 else f"{path} (use {use})")
            if row is None:  # dropout in use and identities do nothing
                assert type(net.get_submodule(path)).__name__ in {"Dropout", "Identity"}
                continue
            channels, *sides = shape
            assert row.output == ((*sides, channels) if sides else (channels,)), path
            checked += 1
    assert checked > 5


class Branches(nn.Module):
    """What tables of other tools miss: reuse, nameless products, sums, a parameter without a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.scale = nn.Parameter(torch.ones(4, 1, 1))
        self.never = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        left = self.conv(x)
        right = self.conv(F.relu(left)) * self.scale
        both = torch.cat([left, right], dim=1)
        flat = both.flatten(2)
        return (flat @ flat.transpose(1, 2)).sum(dim=2)


def test_branches_reuse_and_nameless_products() -> None:
    found = describe_module(Branches(), (4, 6, 6))
    rows = {layer.name: layer for layer in found.layers}
    assert rows["conv"].parameters == (3 * 3 * 4 + 1) * 4
    assert rows["conv (use 2)"].parameters == 0
    assert rows["conv (use 2)"].multiply_adds == rows["conv"].multiply_adds == 6 * 6 * 4 * 3 * 3 * 4
    assert rows["mul"].parameters == 4
    assert rows["cat"].output == (6, 6, 8)
    assert rows["cat"].output_formula == "4 + 4 = 8"
    assert rows["bmm"].multiply_adds == 8 * 36 * 8
    assert rows["relu"].other_operations == 6 * 6 * 4
    assert rows["never.weight"].kind == "not used"
    assert found.parameters == sum(value.numel() for value in Branches().parameters())


def test_a_shared_parameter_counts_once() -> None:
    first, second = nn.Linear(5, 5), nn.Linear(5, 5)
    second.weight = first.weight
    assert describe_module(nn.Sequential(first, second), (5,)).parameters == 25 + 5 + 5


def test_the_module_is_left_as_it_was() -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5)).train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    state = torch.get_rng_state()
    describe_module(net, (3, 8, 8), batch=4)
    assert all(module.training for module in net.modules())
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())


@pytest.mark.parametrize(
    ("layer", "shape", "output"),
    [
        (nn.Conv1d(2, 3, 5, stride=2), (2, 20), (8, 3)),
        (nn.Conv3d(2, 3, 3, padding=1), (2, 4, 5, 6), (4, 5, 6, 3)),
        (nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2), (4, 5, 5), (10, 10, 6)),
        (nn.MaxPool1d(3), (2, 20), (6, 2)),
        (nn.AvgPool3d(2), (2, 4, 6, 8), (2, 3, 4, 2)),
        (nn.MaxPool2d(3, stride=2, ceil_mode=True), (2, 8, 8), (4, 4, 2)),
        (nn.AdaptiveAvgPool2d(3), (2, 10, 7), (3, 3, 2)),
        (nn.Upsample(scale_factor=2), (2, 5, 5), (10, 10, 2)),
    ],
)
def test_layers_of_every_dimension(layer: nn.Module, shape: tuple[int, ...], output: tuple[int, ...]) -> None:
    found = describe_module(nn.Sequential(layer), shape)
    assert found.layers[0].output == output
    with FlopCounterMode(display=False) as counter:
        layer(torch.zeros(1, *shape))
    assert found.flops == counter.get_total_flops()
    assert found.parameters == sum(value.numel() for value in layer.parameters())


@pytest.mark.parametrize(
    ("layer", "shape", "output"),
    [
        (nn.GroupNorm(2, 8), (8, 6, 6), (6, 6, 8)),
        (nn.InstanceNorm2d(8), (8, 6, 6), (6, 6, 8)),
        (nn.LSTM(8, 16, 2, batch_first=True, bidirectional=True), (12, 8), (12, 32)),
    ],
)
def test_a_layer_gives_what_it_returns(layer: nn.Module, shape: tuple[int, ...], output: tuple[int, ...]) -> None:
    assert describe_module(nn.Sequential(layer), shape).layers[0].output == output


@pytest.mark.parametrize(
    "layer", [nn.GLU(1), nn.CELU(), nn.Hardshrink(), nn.LogSigmoid(), nn.Threshold(0, 1), nn.RReLU()]
)
def test_no_layer_that_computes_counts_as_nothing(layer: nn.Module) -> None:
    assert describe_module(nn.Sequential(layer), (4, 6, 6)).layers[0].other_operations >= 2 * 36


def test_pooling_in_one_dimension_has_one_axis() -> None:
    row = describe_module(nn.Sequential(nn.MaxPool1d(3, padding=1)), (2, 20)).layers[0]
    assert (row.kernel, row.stride, row.padding) == ("3", "3", "1")
    assert row.output_formula == "floor((20 + 2*1 - 3)/3) + 1 = 7"


def test_padding_of_a_layer_of_its_own_is_not_counted_twice() -> None:
    rows = describe_module(nn.Sequential(nn.ZeroPad2d((1, 2, 3, 4)), nn.Conv2d(3, 4, 3)), (3, 14, 14)).layers
    assert rows[0].output == (21, 17, 3)
    assert (rows[1].padding, rows[1].output_formula) == ("0", "21 - 3 + 1 = 19; 17 - 3 + 1 = 15")


def test_reflected_padding_is_padding() -> None:
    layers = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect"), nn.Conv2d(4, 4, 3))
    rows = describe_module(layers, (3, 16, 16)).layers
    assert (rows[0].output, rows[0].padding) == ((16, 16, 4), "1")
    assert [row.receptive_field for row in rows] == ["3x3", "5x5"]


def test_one_layer_alone_is_a_layer() -> None:
    row = describe_module(nn.Conv2d(3, 4, 3), (3, 6, 6)).layers[0]
    assert (row.name, row.kind) == ("Conv2d", "Conv2d")


def test_a_learnt_token_is_told_in_the_sum() -> None:
    rows = {layer.name: layer for layer in described("vit_b_16").layers}
    assert rows["cat"].output_formula == "196 + 1 learnt = 197"
    assert rows["encoder.layers.encoder_layer_0.add"].jump == "16"


def test_half_precision_networks_are_described() -> None:
    assert describe_module(nn.Conv2d(3, 4, 3).half(), (3, 6, 6)).layers[0].activation_bytes == 4 * 4 * 4 * 2


def test_json_holds_what_is_promised() -> None:
    document: dict[str, Any] = describe_module(nn.Sequential(nn.Conv2d(3, 8, 3)), (3, 5, 5), "net", batch=2).to_json()
    assert document["total"]["parameters"] == 224
    assert document["total"]["flops"] == 2 * document["total"]["multiply_adds"] == 2 * 9 * 8 * 27
    assert document["layers"][0]["output"] == (3, 3, 8)
    assert document["training_memory"]["batch"] == 2


def test_a_module_is_described_for_the_volume_that_goes_in() -> None:
    found = describe(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), (8, 10, 3))
    assert (found.parameters, found.layers[0].output_formula) == (112, "8 - 3 + 1 = 6; 10 - 3 + 1 = 8")
