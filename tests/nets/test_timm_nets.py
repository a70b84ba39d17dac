"""timm's networks by shape, and what the catalogue says of them."""

import pytest
import timm
import torch
from torch import nn

from convsight.errors import UserError
from convsight.nets.catalogue import NetShape, build_net, check_size, net_entry
from convsight.nets.dry_run.build import build_without_memory
from convsight.nets.timm_nets import BORROWED, timm_names

# Convolutions, patches, windows, two heads, two stems, normalisation in the head, a size that is all but fixed.
_SPREAD = [
    *("resnet10t", "convnext_atto", "vit_tiny_patch16_224", "swin_tiny_patch4_window7_224", "levit_128"),
    *("crossvit_tiny_240", "mobilenetv4_conv_small", "efficientformer_l1", "regnetz_005", "test_resnet"),
]


@pytest.mark.parametrize("name", _SPREAD)
@pytest.mark.parametrize("channels", [1, 3, 4, 13])
def test_every_kind_takes_any_channels_and_outputs(name: str, channels: int) -> None:
    entry = net_entry(f"timm/{name}")
    net = build_without_memory(entry, NetShape(7, channels, entry.side, entry.side))
    with torch.no_grad():
        # In training mode, where networks with two heads could answer twice.
        assert net.train()(torch.empty(2, channels, entry.side, entry.side, device="meta")).shape == (2, 7)


def test_names_are_timms() -> None:
    assert timm_names() == [f"timm/{name}" for name in timm.list_models()]


def test_a_real_step_and_the_same_weights_as_timms() -> None:
    torch.manual_seed(0)
    ours = build_net("timm/test_resnet", NetShape(5, 4, 64, 64))
    torch.manual_seed(0)
    theirs = timm.create_model("test_resnet", num_classes=5, in_chans=4)
    images = torch.randn(2, 4, 64, 64)
    torch.testing.assert_close(ours(images), theirs(images))
    ours(images).square().sum().backward()
    assert all(parameter.grad is not None for parameter in ours.parameters())


def test_what_is_told_of_a_network_follows_from_its_weights_tag() -> None:
    entry = net_entry("timm/resnet50.a1_in1k")
    assert entry.side == 224
    assert entry.pretrained is not None
    assert (entry.pretrained.source, entry.pretrained.licence) == ("timm resnet50.a1_in1k", "apache-2.0")
    assert net_entry("timm/convnext_tiny.in12k_ft_in1k_384").side == 384
    without = next(name for name in timm.list_models() if not timm.list_models(name, pretrained=True))
    assert net_entry(f"timm/{without}").pretrained is None


@pytest.mark.parametrize("name", ["timm/resnet10tt", "timm/resnet50.no_such_tag", "timm/", "timm/hf-hub:someone/net"])
def test_an_unknown_name_gets_the_nearest(name: str) -> None:
    with pytest.raises(UserError, match=f"^unknown net '{name}'"):
        net_entry(name)


@pytest.mark.parametrize(
    ("name", "side", "message"),
    [
        (
            "timm/vit_tiny_patch16_224",
            8,
            "other sizes, such as the 224 px that it was made for; 8 was asked: use --size 224",
        ),
        # Patches of 14 px, windows, places for a position: what fits is no power of two.
        (
            "timm/deepseek_vit_412m",
            412,
            "other sizes, such as the 546 px that it was made for; 412 was asked: use --size 546",
        ),
        ("timm/dla34", 172, "other sizes, such as the 224 px that it was made for; 172 was asked: use --size 224"),
        (
            "timm/efficientformer_l1",
            100,
            "other sizes, such as the 224 px that it was made for; 100 was asked: use --size 224",
        ),
    ],
)
def test_a_size_that_does_not_work(name: str, side: int, message: str) -> None:
    with pytest.raises(UserError) as found:
        check_size(name, NetShape(10, 3, side, side))
    assert str(found.value).splitlines()[0] == f"{name} needs {message}, or another net"


@pytest.mark.filterwarnings("ignore:CSATv2 is designed for 3-channel")
def test_channels_that_do_not_work() -> None:
    with pytest.raises(UserError, match=r"^timm/csatv2 cannot take 1 channel: .*; choose another net$"):
        check_size("timm/csatv2", NetShape(10, 1, 512, 512))


def test_a_network_without_outputs_is_refused() -> None:
    with pytest.raises(UserError, match=r"timm's qwen3_vit_88m_enc gives features alone"):
        check_size("timm/qwen3_vit_88m_enc", NetShape(10, 3, 768, 768))


def test_a_network_of_patches_is_built_for_the_size_that_is_asked() -> None:
    net = build_net("timm/vit_tiny_patch16_224", NetShape(10, 3, 48, 80)).eval()
    with torch.no_grad():
        assert net(torch.randn(1, 3, 48, 80)).shape == (1, 10)


@pytest.mark.parametrize("name", BORROWED)
def test_a_borrowed_network_is_timms_under_our_name(name: str) -> None:
    entry, theirs = net_entry(name), timm.create_model(BORROWED[name].name)
    net: nn.Module = entry.build(entry.default_shape)
    assert {key: value.shape for key, value in net.state_dict().items()} == {
        key: value.shape for key, value in theirs.state_dict().items()
    }
    assert entry.pretrained is not None
    assert entry.accuracy == BORROWED[name].accuracy
    assert entry.side == 224
