"""Pyramids of networks of every kind, against the maps that the papers name and against the whole network."""

import copy

import pytest
import torch
from torch import Tensor, nn
from torchvision.models.feature_extraction import create_feature_extractor

from convsight.nets.catalogue import build_net
from convsight.nets.entry import NetShape
from convsight.nets.pyramid import build_pyramid

SHAPE = NetShape(outputs=3, channels=3, height=64, width=96)


def images(shape: NetShape = SHAPE) -> Tensor:
    noise = torch.Generator().manual_seed(1)
    return torch.randn(2, shape.channels, shape.height, shape.width, generator=noise)


@pytest.mark.parametrize(
    ("name", "channels"),
    [
        ("resnet18", [128, 256, 512]),
        ("squeezenet1_0", [512, 512, 128]),  # whose third level is made
        ("shufflenet_v2_x0_5", [48, 96, 1024]),
        ("mobilenet_v3_small", [96, 288, 576]),
        ("swin_t", [192, 384, 768]),  # whose channels come last
        ("densenet121", [256, 512, 1024]),
        ("alexnet", [192, 256, 256]),
        ("googlenet", [480, 832, 1024]),
        ("small", [96, 192, 128]),
        ("lecture1", [128, 128, 128]),  # which halves once
        ("timm/resnet10t", [128, 256, 512]),
        ("timm/tf_efficientnet_lite0", [240, 672, 1280]),
    ],
)
def test_levels(name: str, channels: list[int]) -> None:
    torch.manual_seed(0)
    pyramid = build_pyramid(name, SHAPE)
    levels = pyramid(images())
    assert list(pyramid.channels) == channels == [level.shape[1] for level in levels]
    for level, stride in zip(levels, (8, 16, 32), strict=True):
        assert abs(level.shape[2] - 64 / stride) <= 1
        assert abs(level.shape[3] - 96 / stride) <= 1
    torch.stack([level.square().mean() for level in levels]).sum().backward()  # type: ignore[no-untyped-call]
    assert [n for n, p in pyramid.named_parameters() if p.grad is None] == []


@pytest.mark.parametrize(
    ("name", "nodes"),
    [
        ("resnet18", ["layer2", "layer3", "layer4"]),
        ("squeezenet1_0", ["features.10", "features.12"]),
        ("shufflenet_v2_x0_5", ["stage2", "stage3", "conv5"]),
    ],
)
def test_maps_are_those_of_torchvisions_extractor(name: str, nodes: list[str]) -> None:
    torch.manual_seed(0)
    pyramid = build_pyramid(name, SHAPE)
    whole = build_net(name, SHAPE)
    whole.load_state_dict(pyramid.net.state_dict(), strict=False)
    expected = create_feature_extractor(whole.eval(), nodes)(images())
    found = pyramid.eval()(images())
    for one, other in zip(found, expected.values(), strict=False):
        torch.testing.assert_close(one, other)


def test_tensors_are_called_as_in_the_whole_network() -> None:
    own, whole = (
        made("resnet18", SHAPE).state_dict() for made in (lambda *given: build_pyramid(*given).net, build_net)
    )
    assert whole.keys() - own.keys() == {"fc.weight", "fc.bias"}
    assert own.keys() <= whole.keys()


def test_a_copy_changes_its_mode() -> None:
    """The averaged copy of a network in training answers as in evaluation: no drawing, no batch's own mean."""
    torch.manual_seed(0)
    pyramid = build_pyramid("efficientnet_b0", SHAPE).train()
    predicting = copy.deepcopy(pyramid).eval()
    one, same = predicting(images()), predicting(images())
    alone = predicting(images()[:1])
    for first, second, third in zip(one, same, alone, strict=True):
        assert torch.equal(first, second)
        torch.testing.assert_close(first[:1], third, rtol=1e-3, atol=1e-4)
    pyramid.train()
    assert not torch.equal(pyramid(images())[2], pyramid(images())[2])  # stochastic depth


def test_dropout_is_no_feature() -> None:
    assert not [layer for layer in build_pyramid("squeezenet1_0", SHAPE).modules() if isinstance(layer, nn.Dropout)]


def test_a_text_is_a_backbone() -> None:
    text = "conv 8 3x3 stride 2 relu | conv 12 3x3 stride 2 relu | conv 16 3x3 stride 2 relu | flatten | dense classes"
    pyramid = build_pyramid(text, SHAPE)
    assert pyramid.channels[0] == 16
    assert len(pyramid(images())) == 3
