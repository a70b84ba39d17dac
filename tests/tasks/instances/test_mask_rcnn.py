"""Mask R-CNN's outputs, computed with fixed shapes, against torchvision's own."""

from typing import Any

import pytest
import torch
from torchvision.models.detection.roi_heads import maskrcnn_inference

from convsight.nets.entry import NetShape
from convsight.tasks.boxes.two_stages import features
from convsight.tasks.instances.mask_rcnn import MaskRcnn, listed_things

SHAPE = NetShape(outputs=2, channels=3, height=64, width=96)


def test_things_are_listed_as_torchvision_wants_them() -> None:
    ids, classes = torch.zeros(2, 6, 8, dtype=torch.int32), torch.zeros(2, 6, 8, dtype=torch.int16)
    ids[0, 1:3, 2:7], classes[0, 1:3, 2:7] = 5, 2
    ids[0, 4, 0], classes[0, 4, 0] = 9, 1
    first, second = listed_things(ids, classes)
    assert first["boxes"].tolist() == [[2, 1, 7, 3], [0, 4, 1, 5]]
    assert first["labels"].tolist() == [2, 1]
    assert first["masks"].sum(dim=(1, 2)).tolist() == [10, 1]
    assert second["boxes"].shape == (0, 4)
    assert second["masks"].shape == (0, 6, 8)
    assert second["labels"].dtype == torch.long


@pytest.mark.slow
def test_masks_of_boxes_are_torchvisions() -> None:
    torch.manual_seed(0)
    net = MaskRcnn("mobilenet_v3_large", SHAPE).eval()
    images = torch.randn(2, 3, 64, 96)
    with torch.no_grad():
        found = net.arrays(images, 0.5)
        maps = features(net.net, images)
        heads: Any = net.net.roi_heads
        boxes = [each * torch.tensor([96.0, 64, 96, 64]) for each in found["boxes"]]
        pooled = heads.mask_roi_pool(maps, boxes, [(64, 96)] * 2)
        logits = heads.mask_predictor(heads.mask_head(pooled))
        theirs = maskrcnn_inference(logits, [each.long() + 1 for each in found["labels"]])
    for image in range(2):
        torch.testing.assert_close(found["masks"][image], theirs[image][:, 0], rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_it_learns_masks_too() -> None:
    torch.manual_seed(0)
    net = MaskRcnn("mobilenet_v3_large", SHAPE)
    ids = torch.zeros(2, 64, 96, dtype=torch.int32)
    ids[:, 10:40, 20:60] = 1
    losses = net.losses(torch.randn(2, 3, 64, 96), {"ids": ids, "classes": ids.to(torch.int16)})
    assert {"total", "mask", "classifier", "box_reg", "objectness", "rpn_box_reg"} == losses.keys()
