import pytest
import torch

from convsight.nets.entry import NetShape
from convsight.nets.small import ResidualBlock, SmallNet


@pytest.mark.parametrize(("side", "last"), [(1, 1), (8, 8), (16, 8), (28, 7), (32, 8), (64, 8), (100, 7), (224, 7)])
def test_the_last_maps_have_about_7_px(side: int, last: int) -> None:
    net = SmallNet(NetShape(classes=2, channels=1, height=side, width=side)).eval()
    with torch.no_grad():
        maps = net.stages(net.stem(torch.zeros(1, 1, side, side)))
    assert maps.shape == (1, 128, last, last)


def test_a_block_starts_as_its_shortcut() -> None:
    block = ResidualBlock(channels=8, width=8, stride=1)
    maps = torch.rand(2, 8, 5, 5)  # nothing negative, so the last ReLU passes all
    assert torch.equal(block(maps), maps)


def test_he_initialisation() -> None:
    torch.manual_seed(0)
    weight = ResidualBlock(channels=32, width=64, stride=1).conv1.weight.detach()
    assert weight.std().item() == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.03)  # He et al. 2015, fan out
