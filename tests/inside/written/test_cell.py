"""Cells written out, against NumPy: up to 150 of every layer of small networks, and a few cells of large ones."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from tests.inside.networks import opened
from torch import Tensor, nn

from convsight.inside.open_network import OpenNetwork
from convsight.inside.written.cell import written_cell
from convsight.inside.written.shown_layers import ShownLayer, layers_of_steps
from convsight.inside.written.steps import Call, run_steps

Doubles = NDArray[np.float64]


def settled(network: OpenNetwork) -> OpenNetwork:
    """The same with statistics of normalisations that do something."""
    random = torch.Generator().manual_seed(5)
    for module in network.model.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(0, 0.3, generator=random)
            module.running_var.uniform_(0.5, 2, generator=random)
            module.weight.data.uniform_(0.5, 1.5, generator=random)
            module.bias.data.normal_(0, 0.3, generator=random)
    return network


def padded(values: Doubles, pads: Any, filled: float = 0.0) -> Doubles:
    rows, columns = (pads, pads) if isinstance(pads, int) else pads
    return np.pad(values, ((0, 0), (rows, rows), (columns, columns)), constant_values=filled)


def two(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else value


def windows(values: Doubles, kernel: Any, stride: Any) -> Doubles:
    """(channels, rows, columns, *kernel)"""
    (down, across), sides = two(stride), two(kernel)
    found: Doubles = sliding_window_view(values, sides, axis=(1, 2))[:, ::down, ::across]
    return found


def by_numpy(module: nn.Module, given: Doubles) -> Doubles | None:
    """What a module of PyTorch gives for (channels, rows, columns) or (values,), worked in double precision."""
    weight, bias = (None if (each := getattr(module, name, None)) is None else each.detach().double().numpy()
                    for name in ("weight", "bias"))  # fmt: skip
    if isinstance(module, nn.Conv2d):
        assert weight is not None
        each, out = module.in_channels // module.groups, module.out_channels // module.groups
        cut = windows(padded(given, module.padding), module.kernel_size, module.stride)
        parts = [
            np.einsum("crxij,kcij->krx", cut[g * each : (g + 1) * each], weight[g * out : (g + 1) * out])
            for g in range(module.groups)
        ]
        found: Doubles = np.concatenate(parts)
        return found if bias is None else found + bias[:, None, None]
    if isinstance(module, nn.BatchNorm2d):
        assert weight is not None
        assert bias is not None
        mean, variance = (np.asarray(each.double().numpy()) for each in (module.running_mean, module.running_var))  # type: ignore[union-attr]
        shape = (slice(None), None, None)
        return np.asarray((given - mean[shape]) / np.sqrt(variance[shape] + module.eps) * weight[shape] + bias[shape])
    if isinstance(module, nn.ReLU):
        return np.maximum(given, 0)
    if isinstance(module, nn.Linear):
        assert weight is not None
        return np.asarray(weight @ given + (0 if bias is None else bias))
    if isinstance(module, nn.MaxPool2d):
        if module.ceil_mode:
            return None
        cut = windows(padded(given, module.padding, -np.inf), module.kernel_size, module.stride)
        return np.asarray(cut.max(axis=(3, 4)))
    if isinstance(module, nn.AdaptiveAvgPool2d) and two(module.output_size) == (1, 1):
        return np.asarray(given.mean(axis=(1, 2), keepdims=True))
    return None


def seen(
    network: OpenNetwork, side: int
) -> tuple[list[Call], list[ShownLayer], dict[str, list[tuple[Doubles, Tensor]]]]:
    """All steps on a picture of noise, and by module what it was given and gave, in double precision."""
    planes = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(2))
    given: dict[str, list[tuple[Doubles, Tensor]]] = {}
    handles = [
        module.register_forward_pre_hook(
            lambda _, inputs, name=name: given.setdefault(name, []).append((inputs[0][0].double().numpy(), inputs[0]))
        )
        for name, module in network.model.named_modules()
        if not list(module.children())
    ]
    with torch.no_grad():
        answer = network.model(planes)
    for handle in handles:
        handle.remove()
    calls: list[Call] = []
    layers = layers_of_steps(run_steps(network.model, planes, calls.append))
    assert torch.equal(calls[-1].result, answer)
    return calls, layers, given


def cells_of(layer: ShownLayer, most: int | None) -> list[tuple[int, int, int]]:
    volume = layer.volume
    rows, columns, channels = volume if len(volume) == 3 else (1, 1, volume[0])
    every = [(k, r, x) for k in range(channels) for r in range(rows) for x in range(columns)]
    if most is None or most >= len(every):
        return every
    return [every[n] for n in np.random.default_rng(3).choice(len(every), most, replace=False)]


def checked(network: OpenNetwork, side: int, most: int | None) -> set[str]:
    """Hold cells of every layer against NumPy; returns the kinds of modules that were."""
    calls, layers, given = seen(network, side)
    modules = dict(network.model.named_modules())
    kinds: set[str] = set()
    uses: dict[str, int] = {}
    for layer in layers:
        own = [calls[step.index] for step in layer.steps]
        expected: list[Doubles | None] = []
        for step in layer.steps:
            module = modules[step.path]
            use = uses[step.path] = uses.get(step.path, -1) + 1
            worked = by_numpy(module, given[step.path][use][0]) if step.is_whole_module else None
            expected.append(worked)
            kinds |= {type(module).__name__} if worked is not None else set()
        for channel, row, column in cells_of(layer, most):
            steps = written_cell(layer, own, channel, row, column)
            for told, call, right in zip(steps, own, expected, strict=True):
                assert told.total is not None, told
                scale = max(1.0, abs(told.value))
                assert abs(told.total - told.value) <= 1e-5 * scale, (layer.name, told)
                own_place = (channel, row, column)[: call.result.dim() - 1]
                assert told.value == float(call.result[0][own_place])
                if right is not None:
                    place = (channel, row, column) if right.ndim == 3 else channel
                    assert abs(told.total - right[place]) <= 1e-5 * scale, (layer.name, told, right[place])
    return kinds


@pytest.mark.parametrize("net", ["lenet5", "small", "lecture1", "lecture2", "lecture3"])
def test_cells_of_every_layer_of_lecture_nets(net: str) -> None:
    network = settled(opened(net, side=16))
    assert "Linear" in checked(network, 16, 150)


@pytest.mark.parametrize(("net", "kinds"), [("resnet18", {"BatchNorm2d", "MaxPool2d"}), ("squeezenet1_0", {"ReLU"})])
def test_some_cells_of_large_nets(net: str, kinds: set[str]) -> None:
    network = settled(opened(net, side=64))
    assert checked(network, 64, 3) >= {"Conv2d", *kinds}


def _calls(module: nn.Module, planes: Tensor) -> list[Call]:
    calls: list[Call] = []
    run_steps(module.eval(), planes, calls.append)
    return calls


@pytest.mark.parametrize(
    "module",
    [
        nn.AvgPool2d(3, 2, padding=1),
        nn.AvgPool2d(3, 2, padding=1, count_include_pad=False),
        nn.AvgPool2d(2, 2, ceil_mode=True),
        nn.AvgPool2d(3, 2, padding=1, ceil_mode=True),
        nn.AvgPool2d(2, divisor_override=3),
        nn.MaxPool2d(3, 2, padding=1, ceil_mode=True),
        nn.MaxPool2d(2, 1, dilation=2),
        nn.AdaptiveAvgPool2d((3, 4)),
        nn.ConvTranspose2d(2, 4, 3, stride=2, padding=1, output_padding=1, groups=2),
        nn.Conv2d(2, 4, 3, stride=(2, 1), padding=(1, 2), dilation=2, groups=2, bias=False),
        nn.GroupNorm(2, 2),
        nn.Hardswish(),
        nn.Hardsigmoid(),
        nn.ReLU6(),
        nn.LeakyReLU(0.2),
        nn.SiLU(),
        nn.GELU(),
        nn.Sigmoid(),
        nn.Tanh(),
        nn.Softmax(dim=1),
    ],
    ids=str,
)
def test_every_cell_of_single_operations(module: nn.Module) -> None:
    """Each against what PyTorch gives: borders, rounding up, padding that counts or not, groups."""
    torch.manual_seed(1)
    calls = _calls(module, 2 * torch.randn(1, 2, 7, 8))
    [layer] = layers_of_steps([call.step for call in calls])
    for channel, row, column in cells_of(layer, None):
        [step] = written_cell(layer, calls, channel, row, column)
        assert step.total == pytest.approx(step.value, abs=1e-5)


def test_what_is_not_written_out_says_so() -> None:
    calls = _calls(nn.LPPool2d(2, 2), torch.randn(1, 4, 6, 6))
    layers = layers_of_steps([call.step for call in calls])
    told = [
        step for layer in layers for step in written_cell(layer, [calls[each.index] for each in layer.steps], 0, 1, 1)
    ]
    assert next(step.to_json()["total"] for step in told if step.operation == "pow") is None


def test_the_sum_of_what_is_shown_and_of_the_rest_is_the_whole() -> None:
    """A convolution of more channels than are shown one by one."""
    torch.manual_seed(1)
    [call] = _calls(nn.Conv2d(40, 2, 3), torch.randn(1, 40, 5, 5))
    [layer] = layers_of_steps([call.step])
    [step] = written_cell(layer, [call], 1, 2, 0)
    parts = step.to_json()
    assert (len(parts["channels"]), parts["others"]["count"]) == (16, 24)
    shown = sum(float((np.array(each["patch"]) * np.array(each["kernel"])).sum()) for each in parts["channels"])
    assert shown + parts["others"]["sum"] + parts["bias"] == pytest.approx(step.value, abs=1e-5)
    assert parts["text"].endswith(f"= {step.total:.6g}")


def test_maps_of_channels_that_come_last_lie_as_others() -> None:
    class Last(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.LayerNorm(3)

        def forward(self, planes: Tensor) -> Tensor:
            found: Tensor = self.norm(planes.permute(0, 2, 3, 1))
            return found

    calls = _calls(Last(), torch.randn(1, 3, 4, 5))
    [layer] = layers_of_steps([call.step for call in calls])
    assert layer.volume == (4, 5, 3)
    [step] = written_cell(layer, calls[1:], 2, 3, 4)
    assert step.total == pytest.approx(float(calls[-1].result[0, 3, 4, 2]), abs=1e-5)
