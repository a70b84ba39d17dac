"""3D U-Net: the paper's numbers, sides, gradients."""

import pytest
import torch
from torch import nn

from convsight.tasks.segmentation.unet_3d import UNet3d


def test_it_has_the_numbers_of_the_paper() -> None:
    with torch.device("meta"):
        net = UNet3d(3, 3)
    norms = sum(p.numel() for layer in net.modules() if isinstance(layer, nn.BatchNorm3d) for p in layer.parameters())
    # Those of batch normalisation the paper does not count.
    assert sum(p.numel() for p in net.parameters()) - norms == 19_069_955


@pytest.mark.parametrize("sides", [(16, 16, 16), (13, 20, 9), (8, 9, 10)])
def test_logits_have_the_sides_of_the_volume(sides: tuple[int, int, int]) -> None:
    torch.manual_seed(0)
    net = UNet3d(2, 3, width=4)
    for mode in (net.train(), net.eval()):
        assert mode(torch.randn(2, 2, *sides)).shape == (2, 3, *sides)


def test_every_parameter_learns() -> None:
    torch.manual_seed(0)
    net = UNet3d(1, 2, width=4, levels=3)
    net(torch.randn(2, 1, 8, 8, 8)).square().mean().backward()
    idle = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    # What stands before batch normalisation has a bias for the paper's sake.
    assert [name for name in idle if not name.endswith(".0.bias")] == []
    assert len(net.backbone_stages((1, 1, 8, 8, 8)).stages) >= 2
