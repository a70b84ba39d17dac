"""Depthwise convolutions in bfloat16 have the gradients of float32, within bfloat16's rounding."""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from convsight.nets.depthwise import DepthwiseConv2d, slow_in_bfloat16, with_fast_depthwise

timm_layers = pytest.importorskip("timm.layers")

ROUNDING = 2**-7  # of the largest value: two roundings to bfloat16's 8 bits


def gradients(layer: nn.Module, images: Tensor, half: bool) -> list[Tensor]:
    """The output, and the gradients of images, weights and bias along the same random direction."""
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        seen = layer(images)
    along = torch.randn(seen.shape, generator=torch.Generator().manual_seed(1))
    found = torch.autograd.grad(seen, [images, *layer.parameters()], along.to(seen.dtype))
    return [seen, *found]


@pytest.mark.parametrize(
    ("side", "choices"),
    [
        (9, {"kernel_size": 3, "padding": 1}),
        (9, {"kernel_size": 3, "padding": 1, "stride": 2}),  # the slow gradient of images
        (9, {"kernel_size": 5, "padding": 2}),  # the slow gradient of weights: blocks that share a tap
        (10, {"kernel_size": 5, "padding": 2, "stride": 2, "bias": False}),
        (8, {"kernel_size": 7, "padding": 3}),
        (8, {"kernel_size": (3, 5), "padding": (1, 2), "stride": (1, 2)}),
        (8, {"kernel_size": 4, "padding": 1}),
        (12, {"kernel_size": 5, "padding": 4, "dilation": 2}),
        (2, {"kernel_size": 3, "padding": 1, "stride": 3}),  # oneDNN leaves parts of this one unwritten
        (4, {"kernel_size": 5, "padding": 2, "stride": 5}),  # and of a block of this one
        (6, {"kernel_size": 3, "out_channels": 32}),  # two filters a channel
    ],
)
@pytest.mark.parametrize("of_timm", [False, True])
def test_gradients_are_those_of_float32(side: int, choices: dict[str, Any], of_timm: bool) -> None:
    torch.manual_seed(0)
    choices = {"in_channels": 16, "out_channels": 16, "groups": 16, **choices}
    layer: nn.Module = timm_layers.Conv2dSame(**choices) if of_timm else nn.Conv2d(**choices)
    layer = layer.to(memory_format=torch.channels_last)
    images = torch.randn(4, 16, side, side).contiguous(memory_format=torch.channels_last).requires_grad_()
    expected = gradients(layer, images, half=False)
    with_fast_depthwise(layer)
    assert isinstance(layer, DepthwiseConv2d)
    for whole, half in zip(expected, gradients(layer, images, half=True), strict=True):
        assert half.shape == whole.shape
        assert (half.float() - whole).abs().max() <= ROUNDING * whole.abs().max()
    for before, after in zip(expected, gradients(layer, images, half=False), strict=True):
        assert torch.equal(after, before)


def test_weights_names_and_copies_stay() -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 1), nn.Conv2d(8, 8, 3, groups=8), nn.BatchNorm2d(8))
    before = dict(network.named_parameters())
    assert slow_in_bfloat16(network)
    assert with_fast_depthwise(network) is network
    assert not slow_in_bfloat16(network)
    assert not slow_in_bfloat16(copy.deepcopy(network))
    assert type(network[0]) is nn.Conv2d  # not depthwise
    assert all(after is before[name] for name, after in network.named_parameters())


def test_layers_of_other_classes_stay_as_they_are() -> None:
    class Scaled(nn.Conv2d):
        """Convolves twice."""

        def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name of the class above
            return super().forward(2 * input)

    network = nn.Sequential(Scaled(8, 8, 3, groups=8), nn.Conv2d(8, 8, 3, groups=8, padding="same"))
    with_fast_depthwise(network)
    assert slow_in_bfloat16(network)
    assert type(network[0]) is Scaled


def test_nothing_is_kept_for_gradients_that_are_not_asked_for() -> None:
    layer = nn.Conv2d(8, 8, 5, groups=8).requires_grad_(False)
    with_fast_depthwise(layer)
    with torch.autocast("cpu", torch.bfloat16):
        seen = layer(torch.zeros(1, 8, 9, 9))
    assert not seen.requires_grad


def test_other_devices_compute_their_gradients_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = with_fast_depthwise(nn.Conv2d(8, 8, 3, stride=2, groups=8)).to("meta")
    monkeypatch.setattr(torch, "is_autocast_enabled", lambda device: True)  # as on a GPU
    seen = layer(torch.empty(2, 8, 9, 9, device="meta"))
    assert type(seen.grad_fn).__name__ == "ConvolutionBackward0"
