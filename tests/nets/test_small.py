import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from convsight.nets.entry import NetShape
from convsight.nets.small import ResidualBlock, SmallNet


@pytest.mark.parametrize(
    ("side", "first", "last", "channels"),
    [
        (1, 1, 1, 96),
        (8, 8, 2, 96),
        (16, 16, 4, 96),
        (28, 28, 7, 96),
        (33, 33, 9, 96),
        (64, 32, 4, 192),
        (100, 50, 7, 192),
        (224, 56, 7, 192),
    ],
)
def test_the_maps_are_as_large_as_stated(side: int, first: int, last: int, channels: int) -> None:
    net = SmallNet(NetShape(outputs=2, channels=1, height=side, width=side)).eval()
    with torch.no_grad():
        stem = net.stem(torch.zeros(1, 1, side, side))
        maps = net.stages(stem)
    assert stem.shape == (1, 16, first, first)
    assert maps.shape == (1, channels, last, last)


def test_its_size_at_28_px_is_as_stated() -> None:
    net = SmallNet(NetShape(outputs=10, channels=1, height=28, width=28))
    assert sum(p.numel() for p in net.parameters()) == 159_450
    with FlopCounterMode(display=False) as counter:
        net(torch.zeros(1, 1, 28, 28))
    assert round(counter.get_total_flops() / 2e6) == 12


def test_a_block_starts_as_its_shortcut() -> None:
    block = ResidualBlock(channels=8, width=8)
    maps = torch.rand(2, 8, 5, 5)
    torch.testing.assert_close(block(maps), torch.relu(block.shortcut(maps)))


def test_he_initialisation() -> None:
    torch.manual_seed(0)
    weight = ResidualBlock(channels=32, width=64).conv1.weight.detach()
    assert weight.std().item() == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.03)  # He et al. 2015, fan out
