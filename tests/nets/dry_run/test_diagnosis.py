"""Networks that cannot work: the message names the place, and what it proposes works."""

import re

import pytest
import torch
import torchvision
from torch import Tensor, nn

from convsight.describe.description import describe_module
from convsight.errors import UserError
from convsight.nets.dry_run.diagnosis import diagnosis
from convsight.nets.text.modules import PaddedPool


def works(net: nn.Module, side: int, channels: int = 3) -> bool:
    try:
        with torch.no_grad():
            net.eval()(torch.zeros(1, channels, side, side))
    except RuntimeError:
        return False
    return True


class Blocks(nn.Module):
    def __init__(self, padding: int = 0) -> None:
        super().__init__()
        self.block1 = nn.Sequential(nn.Conv2d(3, 4, 3), nn.MaxPool2d(4))
        self.block2 = nn.Sequential(nn.Conv2d(4, 4, 3), nn.MaxPool2d(2))
        self.block3 = nn.ModuleDict({"conv": nn.Conv2d(4, 4, 5, padding=padding)})

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.block3["conv"](self.block2(self.block1(x)))
        return out


def test_a_kernel_larger_than_its_volume() -> None:
    found = str(diagnosis(Blocks(), (1, 3, 32, 32)))
    assert found.startswith("block3.conv: 5x5 kernel over a 2x2 volume; the input must be at least ")
    match = re.search(r"at least (\d+)x\1, or padding (\d)", found)
    assert match is not None
    side, padding = int(match[1]), int(match[2])
    assert works(Blocks(), side)
    assert not works(Blocks(), side - 1)
    assert works(Blocks(padding), 32)
    assert not works(Blocks(padding - 1), 32)


@pytest.mark.parametrize("name", ["alexnet", "inception_v3", "squeezenet1_0"])
def test_the_smallest_input_of_known_nets(name: str) -> None:
    options = {"aux_logits": False, "init_weights": False} if name == "inception_v3" else {}
    net = torchvision.models.get_model(name, **options)
    match = re.search(r"at least (\d+)x\1", str(diagnosis(net, (1, 3, 12, 12))))
    assert match is not None
    assert works(net, int(match[1]))
    assert not works(net, int(match[1]) - 1)


def test_padding_put_around_by_an_operation_of_its_own_is_counted() -> None:
    assert (
        diagnosis(nn.Sequential(nn.Conv2d(3, 4, 3), PaddedPool("maxpool", (2, 2), (1, 1), None)), (1, 3, 3, 3)) is None
    )


def test_channels_that_do_not_match() -> None:
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(9, 8, 3))
    assert str(diagnosis(net, (1, 3, 9, 9))) == "1: takes 9 channels and gets 8; change it, or the layer before it"
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(9))
    assert str(diagnosis(net, (1, 3, 9, 9))) == "1: takes 9 channels and gets 8; change it, or the layer before it"


def test_a_dense_layer_made_for_another_size() -> None:
    net = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.Flatten(), nn.Linear(8 * 5 * 5, 2))
    found = str(diagnosis(net, (1, 3, 32, 32)))
    assert (
        found
        == "2: takes 200 values an image and gets 1,800; the input must be 11x11 to 12x12, or the layer made for 1,800"
    )
    assert [side for side in range(3, 33) if works(net, side)] == [11, 12]


def test_padding_is_proposed_only_where_the_whole_network_then_works() -> None:
    layers = [nn.Conv2d(1, 6, 5), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.Flatten(), nn.Linear(16, 10)]
    found = str(diagnosis(nn.Sequential(*layers), (1, 1, 12, 12)))
    assert found == "2: 5x5 kernel over a 4x4 volume; the input must be at least 14x14"
    assert works(nn.Sequential(*layers), 14, channels=1)


def test_channels_of_a_transposed_convolution() -> None:
    assert str(diagnosis(nn.ConvTranspose2d(3, 8, 3), (1, 4, 8, 8))).startswith(
        "ConvTranspose2d: takes 3 channels and gets 4"
    )


def test_networks_that_look_at_numbers_say_so() -> None:
    class Looks(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x if x.mean() > 0 else -x

    assert "depends on the numbers in the image" in str(diagnosis(nn.Sequential(Looks()), (1, 3, 5, 5)))


def test_what_a_network_says_by_itself_is_kept() -> None:
    net = torchvision.models.vit_b_16()
    assert "Expected 224 but got 40" in str(diagnosis(net, (1, 3, 40, 40)))


def test_a_network_that_stops_without_a_word() -> None:
    class Silent(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            raise RuntimeError

    assert str(diagnosis(nn.Sequential(Silent()), (1, 3, 5, 5))) == "0: it stops with RuntimeError for this input"


def test_describe_raises_the_same() -> None:
    with pytest.raises(UserError, match=r"^block3\.conv: 5x5 kernel over a 2x2 volume"):
        describe_module(Blocks(), (3, 32, 32))


def test_a_mistake_of_ours_is_not_blamed_on_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("convsight.describe.trace.multiply_adds", broken)
    with pytest.raises(ZeroDivisionError):
        describe_module(nn.Conv2d(3, 4, 3), (3, 8, 8))
