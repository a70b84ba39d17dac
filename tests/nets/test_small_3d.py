"""The default network for volumes."""

import pytest
import torch

from convsight.describe.net_figures import count
from convsight.errors import UserError
from convsight.nets.catalogue import NetShape, build_net, check_size, net_entry


@pytest.mark.parametrize("sides", [(32, 32, 32), (9, 20, 13), (3, 4, 64), (64, 80, 48)])
def test_volumes_of_any_sides(sides: tuple[int, int, int]) -> None:
    depth, height, width = sides
    net = build_net("small-3d", NetShape(3, 2, height, width, depth)).eval()
    with torch.no_grad():
        assert net(torch.zeros(2, 2, *sides)).shape == (2, 3)


def test_every_weight_learns() -> None:
    torch.manual_seed(0)
    net = build_net("small-3d", NetShape(2, 1, 16, 16, 16))
    volumes, classes = torch.randn(4, 1, 16, 16, 16), torch.tensor([0, 1, 0, 1])
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    losses = []
    for _ in range(4):  # branches begin at zero
        loss = torch.nn.functional.cross_entropy(net(volumes), classes)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert all(weights.grad is not None and weights.grad.abs().sum() > 0 for weights in net.parameters())


def test_operations_are_counted_by_hand() -> None:
    """Convolutions of 3 x 3 x 3 over volumes of 32: places x 27 x channels in x channels out, and the dense layer."""
    convolutions = 32**3 * 27 * 16
    before = 16
    for width, side in ((32, 16), (64, 8), (128, 4)):
        convolutions += side**3 * (27 * before * width + 27 * width * width + before * width)
        before = width
    found = count(net_entry("small-3d"))
    assert found.multiply_adds == convolutions + 128 * 2
    assert found.parameters == sum(
        weights.numel() for weights in build_net("small-3d", NetShape(2, 1, 32, 32, 32)).parameters()
    )


def test_images_and_volumes_are_not_taken_for_one_another() -> None:
    with pytest.raises(UserError, match="small-3d takes volumes, not images"):
        check_size("small-3d", NetShape(2, 1, 32, 32))
    with pytest.raises(UserError, match="small takes images, not volumes"):
        check_size("small", NetShape(2, 1, 32, 32, 32))
