"""LeNet-5: the count of the usual form, and 28 px as the paper's 32 px."""

import pytest
import torch
from torch.nn import functional as F

from convsight.nets.entry import NetShape
from convsight.nets.lenet5 import LeNet5


@pytest.mark.parametrize("side", [28, 32])
def test_parameter_count(side: int) -> None:
    net = LeNet5(NetShape(outputs=10, channels=1, height=side, width=side))
    weights_and_biases = [(6, 25), (16, 6 * 25), (120, 16 * 25), (84, 120), (10, 84)]
    assert sum(parameter.numel() for parameter in net.parameters()) == sum(o * (i + 1) for o, i in weights_and_biases)
    assert sum(parameter.numel() for parameter in net.parameters()) == 61_706


def test_28_px_are_32_px_with_a_border_of_2() -> None:
    small, large = (LeNet5(NetShape(10, 1, side, side)) for side in (28, 32))
    large.load_state_dict(small.state_dict())
    images = torch.randn(3, 1, 28, 28)
    torch.testing.assert_close(small(images), large(F.pad(images, (2, 2, 2, 2))))


@pytest.mark.parametrize(("height", "width"), [(28, 32), (33, 45), (12, 100), (64, 64)])
def test_other_sizes(height: int, width: int) -> None:
    net = LeNet5(NetShape(outputs=3, channels=3, height=height, width=width))
    assert net(torch.zeros(2, 3, height, width)).shape == (2, 3)
