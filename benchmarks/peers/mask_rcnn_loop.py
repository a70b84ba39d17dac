"""torchvision's Mask R-CNN in a plain loop, for so many seconds: `mask_rcnn_loop.py ARCHIVE SECONDS OUT`.

ARCHIVE holds `train_images` and `test_images` (count, height, width, 3) in bytes, and `train_ids` (count, height,
width), the number of each pixel's thing. What people write: from scratch at the pictures' size, SGD with momentum and
one cycle, mirrored pictures, float32. The seconds are those of the steps alone. OUT becomes the numbers of the things
of the test images with a score of a half or more; where several have a pixel, it is of the surest.
"""

import json
import math
import sys
import time

import numpy as np
import torch
from torch import Tensor
from torchvision.models.detection import maskrcnn_resnet50_fpn

BATCH, RATE = 2, 0.01


def things(ids: Tensor) -> dict[str, Tensor]:
    """What torchvision wants to know of the things of one picture."""
    each: Tensor = ids[ids > 0].unique()  # type: ignore[no-untyped-call]
    masks = ids[None] == each[:, None, None]
    places = [mask.nonzero() for mask in masks]
    boxes = [[*place.amin(0).flip(0), *(place.amax(0).flip(0) + 1)] for place in places]
    return {
        "boxes": torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
        "labels": torch.ones(len(masks), dtype=torch.long),
        "masks": masks.to(torch.uint8),
    }


def main() -> None:
    """Train, answer and print what it took as JSON."""
    torch.manual_seed(0)
    data, seconds = np.load(sys.argv[1]), float(sys.argv[2])
    images, tests = (torch.from_numpy(data[f"{n}_images"]).permute(0, 3, 1, 2) / 255 for n in ("train", "test"))
    ids = torch.from_numpy(data["train_ids"])
    side = images.shape[2]
    model = maskrcnn_resnet50_fpn(weights=None, weights_backbone=None, num_classes=2, min_size=side, max_size=side)
    optimizer = torch.optim.SGD(model.parameters(), RATE, momentum=0.9, weight_decay=1e-4)
    model.train()
    began, steps = time.perf_counter(), 0
    while (share := (time.perf_counter() - began) / seconds) < 1:
        chosen = torch.randint(len(images), (BATCH,))
        pairs = [(images[k].flip(2), ids[k].flip(1)) if torch.rand(1) < 0.5 else (images[k], ids[k]) for k in chosen]
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, steps / 50) * (1 + math.cos(math.pi * share)) / 2
        losses = model([image for image, _ in pairs], [things(each) for _, each in pairs])
        loss = torch.stack(list(losses.values())).sum()
        if bool(loss.isfinite()):
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
        steps += 1
    model.eval()
    found = np.zeros((len(tests), *tests.shape[2:]), np.int32)
    with torch.inference_mode():
        for image, picture in zip(tests, found, strict=True):
            answer = model([image])[0]
            sure = (answer["scores"] >= 0.5).nonzero()[:, 0].flip(0)
            for number, row in enumerate(sure.tolist(), 1):
                picture[(answer["masks"][row, 0] >= 0.5).numpy()] = number
    np.save(sys.argv[3], found)
    print(json.dumps({"steps": steps, "images": steps * BATCH}))


main()
