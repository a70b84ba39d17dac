"""Faster R-CNN's outputs, computed with fixed shapes, against torchvision's own."""

import pytest
import torch
from tests.contracts.detectors import SHAPE, awake, images
from torch import Tensor
from torchvision import ops
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.transform import GeneralizedRCNNTransform

from convsight.tasks.boxes.two_stages import features, level_anchors, pool, proposed
from convsight.tasks.detection.faster_rcnn import FasterRcnn

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def net() -> FasterRcnn:
    """Untrained, with predictors loud enough that boxes differ in place and score."""
    found = awake("faster-rcnn+mobilenet_v3_large", 3)
    assert isinstance(found, FasterRcnn)
    torch.manual_seed(4)
    with torch.no_grad():
        for layer in (found.net.rpn.head.cls_logits, found.net.rpn.head.bbox_pred):
            layer.weight.normal_(std=0.05)
        for layer in (found.net.roi_heads.box_predictor.cls_score, found.net.roi_heads.box_predictor.bbox_pred):
            layer.weight.normal_(std=0.1)
    return found


def torchvisions(net: FasterRcnn, seen: Tensor) -> list[dict[str, Tensor]]:
    """What torchvision's own forward answers with images left as they are, and nothing suppressed or left out."""
    whole, heads = net.net, net.net.roi_heads
    whole.transform = GeneralizedRCNNTransform(SHAPE.height, SHAPE.width, [0.0] * 3, [1.0] * 3, size_divisible=1)
    heads.nms_thresh, heads.score_thresh, heads.detections_per_img = 1.1, 0.0, 10**6
    try:
        with torch.no_grad():
            found: list[dict[str, Tensor]] = whole(list(seen))
    finally:
        whole.transform = torch.nn.Identity()
    return found


def rows(boxes: Tensor, labels: Tensor, scores: Tensor) -> Tensor:
    """One row a prediction, in which another class is far away."""
    return torch.cat([boxes, labels[:, None] * 1000, scores[:, None] * 100], dim=1)


def test_predictions_are_torchvisions(net: FasterRcnn) -> None:
    seen = images()
    with torch.no_grad():
        found = net.candidates(seen, 10_000)
    for image, theirs in enumerate(torchvisions(net, seen)):
        there = found.scores[image] > 0
        boxes = found.boxes[image][there] * torch.tensor([SHAPE.width, SHAPE.height] * 2)
        ours = rows(boxes, found.labels[image][there] + 1, found.scores[image][there])
        expected = rows(theirs["boxes"], theirs["labels"], theirs["scores"])
        assert len(ours) == len(expected) > 100
        # In any order, since some scores are nearly equal.
        apart = torch.cdist(ours, expected, p=float("inf"))
        assert float(apart.amin(dim=0).max()) < 1e-2
        assert float(apart.amin(dim=1).max()) < 1e-2


def test_what_the_first_stage_proposes_is_torchvisions(net: FasterRcnn) -> None:
    seen = images()
    image_list = ImageList(seen, [(SHAPE.height, SHAPE.width)] * len(seen))
    with torch.no_grad():
        maps = features(net.net, seen)
        theirs, _ = net.net.rpn(image_list, maps)
        ours = proposed(net.net, maps, seen)
    for image, boxes in enumerate(theirs):
        kept = ours.boxes[image][ours.scores[image] > 0]
        torch.testing.assert_close(kept, boxes, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("sides", [(64, 96), (80, 48)])
def test_anchors_are_torchvisions(net: FasterRcnn, sides: tuple[int, int]) -> None:
    seen = torch.zeros(1, 3, *sides)
    with torch.no_grad():
        maps = list(features(net.net, seen).values())
        theirs = net.net.rpn.anchor_generator(ImageList(seen, [sides]), maps)[0]
    base = net.net.rpn.anchor_generator.cell_anchors
    ours = torch.cat([level_anchors(one, level, seen) for one, level in zip(base, maps, strict=True)])
    torch.testing.assert_close(ours, theirs)


def test_pooled_features_are_torchvisions() -> None:
    draws = torch.Generator().manual_seed(0)
    seen = torch.zeros(2, 3, 256, 320)
    levels = [torch.randn(2, 8, 256 // stride, 320 // stride, generator=draws) for stride in (4, 8, 16, 32)]
    start = torch.rand(2, 40, 2, generator=draws) * 100
    boxes = torch.cat([start, start + 2 ** (torch.rand(2, 40, 2, generator=draws) * 8)], dim=2)
    pooler = ops.MultiScaleRoIAlign(["0", "1", "2", "3"], 7, 2)
    theirs = pooler({str(place): level for place, level in enumerate(levels)}, list(boxes), [(256, 320)] * 2)
    torch.testing.assert_close(pool(levels, boxes, seen), theirs, rtol=1e-4, atol=1e-4)


def test_two_levels_of_one_stride_are_not_added() -> None:
    # MobileNet's, in torchvision: all boxes are looked at in the first.
    draws = torch.Generator().manual_seed(0)
    levels = [torch.randn(1, 4, 8, 10, generator=draws) for _ in range(2)]
    boxes = torch.tensor([[[0.0, 0, 250, 200], [30, 30, 60, 90]]])
    theirs = ops.MultiScaleRoIAlign(["0", "1"], 7, 2)({"0": levels[0], "1": levels[1]}, list(boxes), [(256, 320)])
    torch.testing.assert_close(pool(levels, boxes, torch.zeros(1, 3, 256, 320)), theirs, rtol=1e-4, atol=1e-4)
