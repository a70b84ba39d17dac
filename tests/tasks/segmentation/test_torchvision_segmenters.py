"""torchvision's networks: the same logits as theirs, and the second head."""

import pytest
import torch
from tests.contracts.segmenters import awake, images
from torchvision.models import segmentation

from convsight.tasks.segmentation.torchvision_segmenters import TorchvisionSegmenter


@pytest.mark.parametrize(
    ("name", "theirs"),
    [("deeplabv3+mobilenet_v3_large", "deeplabv3_mobilenet_v3_large"), ("lraspp", "lraspp_mobilenet_v3_large")],
)
def test_answers_are_torchvisions(name: str, theirs: str) -> None:
    net = awake(name).eval()
    assert isinstance(net, TorchvisionSegmenter)
    peer = getattr(segmentation, theirs)(
        weights=None, weights_backbone=None, num_classes=3, **({"aux_loss": True} if "deeplab" in name else {})
    ).eval()
    peer.load_state_dict({key.removeprefix("net."): value for key, value in net.state_dict().items()})
    with torch.no_grad():
        found, expected = net.answers(images()), peer(images())
    assert len(found) == len(expected)
    torch.testing.assert_close(found[0].logits, expected["out"])
    if "aux" in expected:
        torch.testing.assert_close(found[1].logits, expected["aux"])
        assert found[1].weight == 0.5
