"""Pretrained weights in encoders."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from convsight.errors import UserError
from convsight.nets.catalogue import build_net
from convsight.nets.encoder import build_encoder
from convsight.nets.encoder_weights import adapt_encoder
from convsight.nets.entry import NetShape
from convsight.nets.first_convolution import for_channels
from convsight.nets.weights import Weights, read_weights

SHAPE = NetShape(outputs=1, channels=3, height=64, width=96)
NET = "squeezenet1_1"


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    torch.manual_seed(3)
    file: Path = tmp_path_factory.mktemp("weights") / "w.safetensors"
    save_file(build_net(NET, NetShape(1000, 3, 64, 64)).state_dict(), file)
    return read_weights(NET, str(file))


def test_an_encoder_has_the_weights_and_gives_the_networks_maps(pretrained: Weights) -> None:
    encoder = build_encoder(NET, SHAPE, [16]).eval()
    notes = adapt_encoder(encoder.net.state_dict(), NET, SHAPE, pretrained)
    state = encoder.net.state_dict()
    assert notes[-1] == f"{sum(value.numel() for value in state.values()):,} numbers of {NET} are pretrained"
    assert all(torch.equal(value, pretrained.tensors[name]) for name, value in state.items())
    whole = build_net(NET, replace(SHAPE, outputs=1000)).eval()
    whole.load_state_dict(dict(pretrained.tensors))
    images = torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        (found,) = encoder(images)
        assert torch.equal(found, whole.get_submodule("features")(images))


def test_grey_images_take_the_summed_first_layer(pretrained: Weights) -> None:
    grey = replace(SHAPE, channels=1)
    encoder = build_encoder(NET, grey)
    adapt_encoder(encoder.net.state_dict(), NET, grey, pretrained)
    first = encoder.net.get_parameter("features.0.weight")
    assert torch.equal(first, for_channels(pretrained.tensors["features.0.weight"], 1))


def test_a_last_layer_is_left_alone(pretrained: Weights) -> None:
    torch.manual_seed(0)
    borrowed = build_net(NET, replace(SHAPE, outputs=1000)).state_dict()
    fresh = borrowed["classifier.1.bias"].fill_(7).clone()
    adapt_encoder(borrowed, NET, SHAPE, pretrained)
    assert torch.equal(borrowed["classifier.1.bias"], fresh)
    assert torch.equal(borrowed["features.0.weight"], pretrained.tensors["features.0.weight"])


def test_weights_of_another_network_are_refused(pretrained: Weights) -> None:
    with pytest.raises(UserError, match=f"does not fit resnet18: .*those of {NET}: give {NET} in place of resnet18"):
        adapt_encoder(build_encoder("resnet18", SHAPE).net.state_dict(), "resnet18", SHAPE, pretrained)
