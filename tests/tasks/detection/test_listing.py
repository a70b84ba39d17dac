"""Stored figures of detectors against counting anew, and against torchvision's own."""

import json

import pytest
from torchvision.models import detection

from convsight.describe import describe
from convsight.errors import UserError
from convsight.nets.entry import NetShape
from convsight.nets.figures import count, listed
from convsight.nets.listing import DETECTORS as LIST
from convsight.nets.listing import known_detectors
from convsight.nets.sizes import build_without_memory
from convsight.tasks.detection.networks import DETECTORS, detector_entry


def test_every_detector_is_stored_in_order() -> None:
    assert list(json.loads(LIST.read_text())) == list(DETECTORS)


@pytest.mark.parametrize("name", ["yolo-n", "yolo-s", "ssdlite", "locate", "sliding-window"])
def test_stored_figures_are_what_counting_finds(name: str) -> None:
    entry = detector_entry(name)
    assert listed(name, entry, count(entry)) == known_detectors()[name]


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("ssd", detection.SSD300_VGG16_Weights.COCO_V1),
        ("ssdlite", detection.SSDLite320_MobileNet_V3_Large_Weights.COCO_V1),
    ],
)
def test_torchvision_counts_the_same(name: str, weights: detection.SSD300_VGG16_Weights) -> None:
    net = build_without_memory(detector_entry(name), NetShape(90, 3, 320, 320))
    assert sum(weight.numel() for weight in net.parameters()) == weights.meta["num_params"]


def test_a_detector_is_described() -> None:
    found = describe("yolo-n+squeezenet1_0", (64, 96, 3), classes=2)
    assert found.name == "yolo-n+squeezenet1_0"
    assert found.parameters == 2_037_638
    with pytest.raises(UserError, match=r"^unknown net 'resnet81'"):
        describe("yolo-n+resnet81")
