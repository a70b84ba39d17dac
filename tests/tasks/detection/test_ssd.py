"""SSD's outputs before suppression against torchvision's own."""

import pytest
import torch
from tests.contracts.detectors import SHAPE, TARGETS, awake, images
from torch import nn
from torchvision.models import detection
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.transform import GeneralizedRCNNTransform

from convsight.tasks.boxes.anchors import listed_targets
from convsight.tasks.detection.light.settings import DetectionSettings
from convsight.tasks.detection.ssd import PaddingConv, Ssd
from convsight.tasks.whole_batch import adding

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["ssdlite", "ssd"])
def net(request: pytest.FixtureRequest) -> Ssd:
    found = awake(request.param, 3)
    assert isinstance(found, Ssd)
    torch.manual_seed(4)
    with torch.no_grad():
        for name, weight in found.named_parameters():
            if "head" in name and weight.ndim == 4 and weight.shape[1] > 1:
                weight.mul_(10)  # predictions that differ
    return found


def test_predictions_are_torchvisions(net: Ssd) -> None:
    seen = images()
    sizes = [(SHAPE.height, SHAPE.width)] * len(seen)
    whole = net.net
    # Nothing is suppressed and nothing left out.
    whole.nms_thresh, whole.score_thresh, whole.topk_candidates, whole.detections_per_img = 1.1, -1.0, 10**6, 10**6
    with torch.no_grad():
        features = list(whole.backbone(seen).values())
        anchors = whole.anchor_generator(ImageList(seen, sizes), features)
        theirs = whole.postprocess_detections(whole.head(features), anchors, sizes)
        ours = net.candidates(seen, 10**6)
    sides = torch.tensor([SHAPE.width, SHAPE.height] * 2)
    for image, expected in enumerate(theirs):
        assert len(expected["scores"]) == ours.scores.shape[1]
        torch.testing.assert_close(ours.scores[image], expected["scores"], rtol=1e-4, atol=1e-6)
        # Equal scores may come in any order.
        for found, wanted in (
            (ours.boxes[image] * sides, expected["boxes"]),
            (ours.labels[image] + 1.0, expected["labels"].float()),
        ):
            torch.testing.assert_close(found.sum(dim=0), wanted.sum(dim=0), rtol=1e-4, atol=1e-2)
        clear = expected["scores"][:-1] - expected["scores"][1:] > 1e-6
        apart = torch.cat([clear, torch.tensor([True])]) & torch.cat([torch.tensor([True]), clear])
        torch.testing.assert_close((ours.boxes[image] * sides)[apart], expected["boxes"][apart], rtol=1e-3, atol=1e-2)


def test_losses_are_torchvisions(net: Ssd) -> None:
    seen = images()
    whole = net.net
    whole.transform = GeneralizedRCNNTransform(SHAPE.height, SHAPE.width, [0.0] * 3, [1.0] * 3, size_divisible=1)
    layers = [layer for layer in whole.modules() if isinstance(layer, nn.BatchNorm2d)]
    try:
        whole.training = True  # itself alone: what it does, not what its layers do
        theirs = whole(list(seen), listed_targets(TARGETS, seen))
    finally:
        whole.training, whole.transform = False, nn.Identity()
    ours = net.losses(seen, TARGETS, DetectionSettings())
    torch.testing.assert_close(ours["class"], theirs["classification"])
    torch.testing.assert_close(ours["box"], theirs["bbox_regression"])
    assert all(not layer.training for layer in layers)


def test_shares_of_a_batch_add_up_to_it_though_one_holds_nothing(net: Ssd) -> None:
    seen, settings, alone = images(), DetectionSettings(), list[torch.Tensor]()
    whole = net.losses(seen, TARGETS, settings)["total"]

    def of_each() -> list[torch.Tensor]:
        """The losses of the first two images, and of the last, which has no boxes, by what they are of the batch."""
        parts = (slice(0, 2), slice(2, 3))
        shares = [(seen[part], {name: values[part] for name, values in TARGETS.items()}) for part in parts]
        return [net.losses(*share, settings)["total"] * len(share[0]) / len(seen) for share in shares]

    with adding(lambda sums: alone.append(sums.clone())):
        of_each()
    with adding(lambda sums: sums.copy_(torch.stack(alone).sum(dim=0))):
        torch.testing.assert_close(torch.stack(of_each()).sum(), whole)


def test_at_300_px_its_maps_are_the_papers() -> None:
    torch.manual_seed(0)
    plain = detection.ssd300_vgg16(weights=None, weights_backbone=None, num_classes=3).backbone.extra[-2:]
    maps = torch.randn(1, 256, 5, 5)
    for block in plain:
        convolution = block[2]
        torch.testing.assert_close(PaddingConv.of(convolution)(maps[:, :128]), convolution(maps[:, :128]))


@pytest.mark.parametrize("side", [1, 2])
def test_small_maps_are_padded(side: int) -> None:
    padding_conv = PaddingConv.of(nn.Conv2d(4, 6, 3))
    assert padding_conv(torch.zeros(1, 4, side, 5)).shape == (1, 6, 1, 3)
