"""fastai's `unet_learner` with a fresh ResNet-18, for about so many seconds: `fastai_unet.py ARCHIVE SECONDS OUT`.

ARCHIVE and OUT are as those of smp_loop.py. fastai's own batches, augmentation (`aug_transforms`), loss, normalisation
and one-cycle policy, with as many epochs as fit into the time by the speed of a few steps. The seconds are of the fit.
"""

import json
import math
import sys
import time
import warnings
from typing import Any

import numpy as np


def main(archive: str, seconds: float, out: str) -> None:
    """Train, answer and print what it took as JSON."""
    warnings.simplefilter("ignore")
    import torch
    from fastai.callback.schedule import Learner  # noqa: F401 - gives learners `fit_one_cycle`
    from fastai.vision.all import (
        DataBlock,
        ImageBlock,
        IndexSplitter,
        MaskBlock,
        PILImage,
        PILMask,
        aug_transforms,
        resnet18,
        unet_learner,
    )

    torch.manual_seed(0)
    data = np.load(archive)
    images, masks, classes = data["train_images"], data["train_masks"], int(data["classes"])
    # fastai's loss knows of ignored pixels by their index, which it takes over from PyTorch.
    block = DataBlock(
        (ImageBlock, MaskBlock(codes=list(range(classes)))),
        get_items=lambda _: list(range(len(images))),
        get_x=lambda index: PILImage.create(images[index]),
        get_y=lambda index: PILMask.create(masks[index]),
        splitter=IndexSplitter([0]),
        batch_tfms=aug_transforms(size=images.shape[1:3]),
    )
    from fastai.losses import CrossEntropyLossFlat

    loaders = block.dataloaders(None, bs=8, num_workers=0, device=torch.device("cpu"))

    def learner() -> Any:
        return unet_learner(
            loaders,
            resnet18,
            pretrained=False,
            n_out=classes,
            loss_func=CrossEntropyLossFlat(axis=1, ignore_index=255),
            normalize=True,
        )

    steps_an_epoch = max(1, (len(images) - 1) // 8)
    trial, batch = learner(), loaders.one_batch()
    began = time.perf_counter()
    for _ in range(3):
        trial.loss_func(trial.model(batch[0]), batch[1]).backward()
    a_step = (time.perf_counter() - began) / 3
    epochs = max(1, math.floor(seconds / (a_step * steps_an_epoch)))
    chosen = learner()
    began = time.perf_counter()
    with chosen.no_bar(), chosen.no_logging():
        chosen.fit_one_cycle(epochs, 1e-3)
    spent = time.perf_counter() - began
    chosen.model.eval()
    tests = chosen.dls.test_dl([PILImage.create(image) for image in data["test_images"]], bs=4, num_workers=0)
    with chosen.no_bar(), chosen.no_logging():
        found = chosen.get_preds(dl=tests)[0].argmax(1)
    np.save(out, found.numpy().astype(np.uint8))
    print(json.dumps({"steps": epochs * steps_an_epoch, "seconds": spent}))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), sys.argv[3])
