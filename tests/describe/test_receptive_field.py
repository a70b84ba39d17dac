"""Receptive fields against gradients: the inputs that a value really depends on."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from convsight.describe.description import describe_module
from convsight.describe.receptive_field import Field
from convsight.describe.trace import trace


def extent(net: nn.Module, side: int) -> int:
    """Columns of the input from the first to the last that the middle value of the output depends on."""
    for parameter in net.parameters():
        nn.init.ones_(parameter)
    image = torch.ones(1, 1, side, side, requires_grad=True)
    out = net(image)
    out[0, 0, out.shape[2] // 2, out.shape[3] // 2].backward()
    assert image.grad is not None
    columns = image.grad[0, 0].sum(dim=0).nonzero()
    return int(columns[-1] - columns[0]) + 1


def convolution(kernel: int, stride: int, dilation: int) -> nn.Module:
    return nn.Conv2d(1, 1, kernel, stride, dilation=dilation)


def pooling(kernel: int, stride: int, _: int) -> nn.Module:
    return nn.AvgPool2d(kernel, stride)


LAYERS = st.builds(
    lambda make, kernel, stride, dilation: make(kernel, stride, dilation),
    st.sampled_from([convolution, pooling]),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(1, 2),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(LAYERS, min_size=1, max_size=4))
def test_fields_are_those_that_gradients_show(layers: list[nn.Module]) -> None:
    net = nn.Sequential(*layers)
    side = 200
    row = describe_module(net, (1, side, side)).layers[-1]
    wide = int(row.receptive_field.split("x")[0])
    assert extent(net, side) == wide


@pytest.mark.parametrize(
    ("name", "layer", "size", "jump"),
    [
        # Araujo, Norris and Sim, 2019, table 1 (VGG-16); torchvision's ResNet-50 strides in its 3x3 layers.
        ("vgg16", "features.30", "212x212", "32"),
        ("resnet50", "layer4.2.relu (use 3)", "427x427", "32"),
        ("alexnet", "features.12", "195x195", "32"),
    ],
)
def test_published_fields(name: str, layer: str, size: str, jump: str) -> None:
    from convsight.describe.resolve import resolve_net

    subject = resolve_net(name, None, None)
    rows = {row.name: row for row in describe_module(subject.model, subject.shape).layers}
    assert (rows[layer].receptive_field, rows[layer].jump) == (size, jump)
    assert describe_module(subject.model, subject.shape).layers[-1].receptive_field == "all"


def test_a_sum_of_branches_sees_what_either_sees() -> None:
    class Fork(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.near, self.far = nn.Conv2d(1, 1, 1), nn.Conv2d(1, 1, 7, padding=3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            out: torch.Tensor = self.near(x) + self.far(x)
            return out

    rows = {row.name: row for row in describe_module(Fork(), (1, 20, 20)).layers}
    assert rows["near"].receptive_field == "1x1"
    assert rows["add"].receptive_field == "7x7"


def test_resampling_makes_the_jump_smaller() -> None:
    net = nn.Sequential(nn.AvgPool2d(4), nn.Upsample(scale_factor=2), nn.Upsample(scale_factor=2, mode="bilinear"))
    rows = describe_module(net, (1, 16, 16)).layers
    assert [(row.receptive_field, row.jump) for row in rows] == [("4x4", "4"), ("4x4", "2"), ("6x6", "1")]


def test_a_transposed_convolution_makes_the_jump_smaller() -> None:
    net = nn.Sequential(nn.Conv2d(1, 1, 2, stride=2), nn.ConvTranspose2d(1, 1, 2, stride=2))
    rows = describe_module(net, (1, 16, 16)).layers
    assert [row.jump for row in rows] == ["2", "1"]
    assert [row.receptive_field for row in rows] == ["2x2", "2x2"]


def _traced(net: nn.Module, side: int) -> tuple[tuple[int, ...], Field]:
    """The shape and the field of what the last module of `net` gives."""
    result = trace(net, (1, 1, side, side)).calls[-1].result
    assert result is not None
    return result


def _reached(net: nn.Module, side: int, cell: int) -> tuple[int, int]:
    """The first column of the input that the value in that column of the output depends on, and the end behind."""
    for parameter in net.parameters():
        nn.init.ones_(parameter)
    image = torch.ones(1, 1, side, side, requires_grad=True)
    out = net(image)
    out[0, 0, :, cell].sum().backward()
    assert image.grad is not None
    columns = image.grad[0, 0].sum(dim=0).nonzero()
    return int(columns[0]), int(columns[-1]) + 1


def padded(kernel: int, stride: int, before: int, after: int) -> nn.Module:
    return nn.Sequential(nn.ZeroPad2d((before, after, before, after)), nn.Conv2d(1, 1, kernel, stride))


PADDED_LAYERS = st.builds(padded, st.integers(1, 4), st.integers(1, 2), st.integers(0, 3), st.integers(0, 3))


@settings(deadline=None, max_examples=10)
@given(
    st.lists(PADDED_LAYERS, min_size=1, max_size=3), st.floats(0.4, 0.6)
)  # at the edge a value may see padding alone
def test_fields_lie_where_gradients_show(layers: list[nn.Module], place: float) -> None:
    net, side = nn.Sequential(*layers), 40
    shape, field = _traced(net, side)
    cell = round(place * (shape[3] - 1))
    low, high = field.axes[1].reach(cell)
    assert _reached(net, side, cell) == (max(low, 0), min(high, side))


@pytest.mark.parametrize(
    "layer",
    [nn.ConvTranspose2d(1, 1, 2, 2), nn.ConvTranspose2d(1, 1, 4, 2, padding=1), nn.Upsample(scale_factor=2)],
)
def test_fields_of_finer_maps_lie_right_to_a_jump(layer: nn.Module) -> None:
    net = nn.Sequential(nn.Conv2d(1, 1, 3, 2, padding=1), nn.Conv2d(1, 1, 3, 2, padding=1), layer)
    axis = _traced(net, 64)[1].axes[1]
    for cell in range(8, 24):
        middle = sum(axis.reach(cell)) / 2
        assert abs(middle - sum(_reached(net, 64, cell)) / 2) <= float(axis.jump)


def test_joined_branches_reach_as_far_as_the_widest() -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.wide = nn.Conv2d(1, 1, 5, padding=2)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            found: torch.Tensor = images + self.wide(images)
            return found

    assert _traced(nn.Sequential(Two(), nn.AvgPool2d(2)), 12)[1].axes[0].reach(3) == (4.0, 10.0)
