"""Figures of detectors against torchvision's own, and their descriptions."""

import pytest
from torchvision.models import detection

from convsight.describe import describe
from convsight.errors import UserError
from convsight.nets.dry_run.build import build_without_memory
from convsight.nets.entry import NetShape
from convsight.tasks.detection.networks import NETWORKS


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("ssd", detection.SSD300_VGG16_Weights.COCO_V1),
        ("ssdlite", detection.SSDLite320_MobileNet_V3_Large_Weights.COCO_V1),
    ],
)
def test_torchvision_counts_the_same(name: str, weights: detection.SSD300_VGG16_Weights) -> None:
    net = build_without_memory(NETWORKS.entry(name), NetShape(90, 3, 320, 320))
    assert sum(weight.numel() for weight in net.parameters()) == weights.meta["num_params"]


def test_a_detector_is_described() -> None:
    found = describe("yolo-n+squeezenet1_0", (64, 96, 3), classes=2)
    assert found.name == "yolo-n+squeezenet1_0"
    assert found.parameters == 2_037_638
    with pytest.raises(UserError, match=r"^unknown net 'resnet81'"):
        describe("yolo-n+resnet81")
