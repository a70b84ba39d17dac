"""All of torchvision's networks by shape, and what a few give for other channels."""

import pytest
import torch
from tests.contracts.nets import ONE_OF_EACH
from torch import Tensor, nn

from convsight.nets.catalogue import NetShape, build_net, net_entry, smallest_side
from convsight.nets.dry_run.build import build_without_memory
from convsight.nets.torchvision_nets import torchvision_names


@pytest.mark.parametrize("name", torchvision_names())
def test_every_network_is_built_for_grey_images_and_its_outputs(name: str) -> None:
    entry = net_entry(name)
    shape = NetShape(outputs=7, channels=1, height=entry.side, width=entry.side)
    net = build_without_memory(entry, shape)
    assert next(layer for layer in net.modules() if isinstance(layer, nn.Conv2d)).in_channels == 1
    assert list(net.parameters())[-1].shape[0] == 7
    if name in ONE_OF_EACH:
        with torch.no_grad():
            # In training mode, where auxiliary heads would answer too.
            assert net.train()(torch.empty(2, 1, entry.side, entry.side, device="meta")).shape == (2, 7)


@pytest.mark.parametrize("channels", [4, 13])
@pytest.mark.parametrize("name", ["resnet18", "googlenet", "squeezenet1_0", "swin_t", "vit_b_16"])
def test_other_channels(name: str, channels: int) -> None:
    side = net_entry(name).side
    net = build_without_memory(net_entry(name), NetShape(7, channels, side, side))
    with torch.no_grad():
        assert net(torch.empty(2, channels, side, side, device="meta")).shape == (2, 7)


def test_one_of_each_is_known() -> None:
    assert set(torchvision_names()) >= ONE_OF_EACH


# A kernel that must fit, windows that are padded, auxiliary heads left out.
@pytest.mark.parametrize("name", ["alexnet", "swin_t", "googlenet"])
def test_a_real_training_step_at_the_smallest_side(name: str) -> None:
    side = smallest_side(name, 1, 3)
    net = build_net(name, NetShape(3, 1, side, side)).train()
    logits = net(torch.randn(2, 1, side, side))
    assert logits.shape == (2, 3)
    logits.square().sum().backward()
    assert all(parameter.grad is not None for parameter in net.parameters())


# The first convolution without and with a bias.
@pytest.mark.parametrize("name", ["resnet18", "squeezenet1_1"])
class TestChannels:
    def test_a_grey_image_gives_what_it_gives_as_rgb(self, name: str) -> None:
        grey = torch.randn(2, 1, 40, 40)
        expected = _logits(name, grey.repeat(1, 3, 1, 1))
        torch.testing.assert_close(_logits(name, grey), expected, rtol=1e-4, atol=1e-4)

    def test_planes_given_twice_change_nothing(self, name: str) -> None:
        rgb = torch.randn(2, 3, 40, 40)
        torch.testing.assert_close(_logits(name, rgb.repeat(1, 2, 1, 1)), _logits(name, rgb), rtol=1e-4, atol=1e-4)

    def test_only_the_first_weight_changes_shape(self, name: str) -> None:
        rgb, grey = (build_net(name, NetShape(5, channels, 40, 40)).state_dict() for channels in (3, 1))
        assert list(rgb) == list(grey)
        changed = [key for key in rgb if rgb[key].shape != grey[key].shape]
        assert len(changed) == 1
        assert grey[changed[0]].shape == (rgb[changed[0]].shape[0], 1, *rgb[changed[0]].shape[2:])


def _logits(name: str, images: Tensor) -> Tensor:
    torch.manual_seed(0)
    net = build_net(name, NetShape(5, images.shape[1], 40, 40)).eval()
    first = next(layer for layer in net.modules() if isinstance(layer, nn.Conv2d))
    assert first.in_channels == images.shape[1]
    with torch.no_grad():
        logits: Tensor = net(images)
    return logits
