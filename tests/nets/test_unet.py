import pytest
import torch

from convsight.nets.entry import NetShape
from convsight.tasks.segmentation.networks import NETWORKS


@pytest.mark.parametrize("name", ["unet-s", "unet+resnet18", "unet+efficientnet_lite0", "unet+convnext_tiny"])
@pytest.mark.parametrize(("height", "width"), [(64, 96), (45, 70)])
def test_logits_have_the_size_of_the_images(name: str, height: int, width: int) -> None:
    model = NETWORKS.build(name, NetShape(5, 3, height, width)).eval()
    assert model(torch.randn(2, 3, height, width)).shape == (2, 5, height, width)


def test_the_plain_network_has_the_channels_of_the_paper() -> None:
    found = dict(NETWORKS.build("unet", NetShape(2, 1, 64, 64)).named_modules())
    assert [found[f"encoder.levels.{level}.0.0"].out_channels for level in range(5)] == [64, 128, 256, 512, 1024]
    assert [found[f"steps.{step}.convolutions.0.0"].out_channels for step in range(4)] == [512, 256, 128, 64]
