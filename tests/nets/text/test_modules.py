"""The layers that PyTorch lacks, against definitions written out in plain Python."""

import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from convsight.nets.text.build import build
from convsight.nets.text.modules import (
    ChannelNorm,
    Crop,
    FlattenChannelsLast,
    GlobalPool,
    Pad,
    PaddedPool,
    PadSame,
    Rescale,
    SumPool,
)
from convsight.nets.text.parse import parse
from convsight.nets.text.steps import walk
from convsight.nets.text.volume import Volume

UNHURRIED = settings(deadline=None)  # on a busy machine an example may take any time

_sides = st.lists(st.integers(1, 7), min_size=1, max_size=3)
_TAKE: dict[str, Callable[[list[float]], float]] = {
    "maxpool": max,
    "avgpool": lambda numbers: sum(numbers) / len(numbers),
    "sumpool": sum,
}


@UNHURRIED
@given(_sides, st.integers(1, 4), st.integers(1, 4), st.sampled_from(sorted(_TAKE)), st.integers(0, 2**32 - 1))
def test_same_pooling_is_its_definition(sides: list[int], kernel: int, stride: int, kind: str, seed: int) -> None:
    # All negative, so that zeros of the padding would show in a maximum.
    volume = -1 - np.random.default_rng(seed).random((1, 1, *sides))
    net = build(walk(parse(f"{kind} {kernel} stride {stride} same").layers, Volume(1, tuple(sides))))
    found = net(torch.from_numpy(volume).float())[0, 0]
    windows = [_windows(side, kernel, stride) for side in sides]
    for place in itertools.product(*(range(len(axis)) for axis in windows)):
        cells = itertools.product(*(axis[n] for axis, n in zip(windows, place, strict=True)))
        numbers = [float(volume[0, 0][cell]) for cell in cells]
        assert found[place].item() == pytest.approx(_TAKE[kind](numbers), rel=1e-5)
    assert found.shape == tuple(len(axis) for axis in windows)


def _windows(side: int, kernel: int, stride: int) -> list[range]:
    """The cells of every window by TensorFlow's documentation of `tf.nn`, those of the padding left out."""
    remainder = side % stride
    total = max(kernel - (stride if remainder == 0 else remainder), 0)
    starts = [n * stride - total // 2 for n in range(math.ceil(side / stride))]
    return [range(max(start, 0), min(start + kernel, side)) for start in starts]


def test_same_pooling_keeps_the_memory_format() -> None:
    maps = torch.randn(2, 16, 9, 9).to(memory_format=torch.channels_last)
    found = PaddedPool("maxpool", (2, 2), (1, 1), None)(maps)
    assert found.is_contiguous(memory_format=torch.channels_last)


def test_same_pooling_gives_gradient_to_each_maximum_alone() -> None:
    image = torch.arange(9.0).view(1, 1, 3, 3).requires_grad_()
    PaddedPool("maxpool", (2, 2), (1, 1), None)(image).sum().backward()
    assert image.grad is not None
    assert image.grad.tolist() == [[[[0, 0, 0], [0, 1, 2], [0, 2, 4]]]]


def test_same_max_pooling_on_onnx_vectors(shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("onnx_node_vectors")
    cases = [
        case
        for case in json.loads((folder / "index.json").read_text())
        if case["op"] == "MaxPool" and case["attributes"].get("auto_pad") == "SAME_UPPER"
    ]
    assert len(cases) == 2
    for case in cases:
        kernel = case["attributes"]["kernel_shape"]
        pool = PaddedPool("maxpool", kernel, case["attributes"].get("strides", [1] * len(kernel)), None)
        with np.load(folder / f"{case['name']}.npz", allow_pickle=False) as arrays:
            assert torch.equal(pool(torch.from_numpy(arrays["in0"])), torch.from_numpy(arrays["out0"])), case["name"]


def test_padding_in_numbers_never_counts_in_a_mean() -> None:
    maps = torch.randn(1, 2, 5, 6)
    pool = PaddedPool("avgpool", (3, 3), (2, 2), ((1, 1), (1, 1)))
    torch.testing.assert_close(pool(maps), F.avg_pool2d(maps, 3, 2, padding=1, count_include_pad=False))


def test_uneven_padding_goes_where_it_is_said() -> None:
    row = torch.tensor([[[-1.0, -2.0, -3.0]]])
    assert PaddedPool("maxpool", (2,), (1,), ((1, 0),))(row).tolist() == [[[-1, -1, -2]]]
    assert PaddedPool("maxpool", (2,), (1,), ((0, 1),))(row).tolist() == [[[-1, -2, -3]]]
    assert PaddedPool("avgpool", (2,), (1,), ((1, 0),))(row).tolist() == [[[-1, -1.5, -2.5]]]


@pytest.mark.parametrize("kind", ["maxpool", "avgpool"])
def test_pooling_keeps_the_number_format_and_the_memory_format(kind: str) -> None:
    maps = torch.randn(2, 16, 9, 9).to(memory_format=torch.channels_last).bfloat16()
    found = PaddedPool(kind, (2, 2), (1, 1), None)(maps)
    assert found.dtype == torch.bfloat16
    assert found.is_contiguous(memory_format=torch.channels_last)


def test_padding_follows_the_size_that_comes() -> None:
    pad = PadSame((3,), (2,), (1,))
    assert [pad(torch.ones(1, 1, side)).tolist()[0][0] for side in (3, 4)] == [[0, 1, 1, 1, 0], [1, 1, 1, 1, 0]]
    assert PadSame((3,), (1,), (2,))(torch.ones(1, 1, 2)).tolist() == [[[0, 0, 1, 1, 0, 0]]]


def test_pad_and_crop_undo_each_other() -> None:
    volume = torch.arange(24.0).view(1, 2, 3, 4)
    pads = ((1, 2), (0, 3))
    assert Pad(pads)(volume).shape == (1, 2, 6, 7)
    assert Pad(pads)(volume)[0, 0].tolist()[1] == [0, 1, 2, 3, 0, 0, 0]
    assert torch.equal(Crop(pads)(Pad(pads)(volume)), volume)


def test_sums() -> None:
    maps = torch.arange(9.0).view(1, 1, 3, 3)
    assert SumPool((2, 2), (1, 1))(maps).tolist() == [[[[8, 12], [20, 24]]]]
    assert GlobalPool("globalsum", keep=False)(maps).tolist() == [[36]]


@pytest.mark.parametrize(
    ("kind", "expected"), [("globalmax", [[5.0, 11.0]]), ("globalavg", [[2.5, 8.5]]), ("globalsum", [[15.0, 51.0]])]
)
def test_global_pools(kind: str, expected: list[list[float]]) -> None:
    volume = torch.arange(12.0).view(1, 2, 1, 2, 3)
    assert GlobalPool(kind, keep=False)(volume).tolist() == expected
    kept = GlobalPool(kind, keep=True)(volume)
    assert kept.shape == (1, 2, 1, 1, 1)
    assert kept.flatten(1).tolist() == expected


@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 5), (2, 4, 5, 6)])
def test_channel_norm_is_layer_norm_of_each_position(shape: tuple[int, ...]) -> None:
    volume = torch.randn(shape)
    norm = ChannelNorm(4, eps=0.01)
    for tensor in (norm.weight, norm.bias):
        torch.nn.init.normal_(tensor)
    found = norm(volume).movedim(1, -1).flatten(0, -2)
    positions = volume.movedim(1, -1).flatten(0, -2)
    for position, expected in zip(found.unbind(), positions.unbind(), strict=True):
        mean, variance = expected.mean(), expected.var(unbiased=False)
        by_hand = (expected - mean) / (variance + 0.01).sqrt() * norm.weight + norm.bias
        torch.testing.assert_close(position, by_hand)


def test_flatten_channels_last_is_keras_order() -> None:
    volume = torch.arange(12).view(1, 2, 2, 3)  # 2 channels of 2 x 3
    assert FlattenChannelsLast()(volume).tolist() == [[0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11]]


def test_rescale() -> None:
    assert Rescale(0.5, -1)(torch.tensor([4.0])).tolist() == [1]


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("transposed 2 3 stride 2 same", (4, 5)),
        ("transposed 2 4 stride 3 padding 1:2", (4, 3)),
        ("transposed 2 4 stride 3 padding 2:0 outputpadding 1", (4, 3)),
        ("transposed 2 2 stride 3", (3, 3)),
        ("transposed 2 3 dilation 2 padding 2:1", (4, 4)),
    ],
)
def test_a_transposed_convolution_is_the_gradient_of_the_convolution(text: str, sides: tuple[int, int]) -> None:
    """The volume that a convolution would have been given, by the gradient with respect to it."""
    step = walk(parse(text + " nobias").layers, Volume(3, sides))[0]
    net = build([step])
    weight = net.get_submodule("transposed1").get_parameter("weight").detach()
    layer = step.layer
    windows, _ = layer.windows(step.before)  # type: ignore[attr-defined]
    maps = torch.randn(1, 3, *sides)
    enlarged = torch.zeros(1, 2, *step.after.sides, requires_grad=True)
    flat = [cells for window in reversed(windows) for cells in (window.before, window.after)]
    stride, dilation = windows[0].stride, windows[0].dilation
    smaller = F.conv2d(F.pad(enlarged, flat), weight, stride=stride, dilation=dilation)
    assert smaller.shape == maps.shape
    (gradient,) = torch.autograd.grad(smaller, enlarged, maps)
    torch.testing.assert_close(net(maps), gradient)
