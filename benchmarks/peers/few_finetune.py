"""Fine-tuning as timm's script for training does it, in the time given: `few_finetune.py WEIGHTS FOLDER SECONDS`.

All weights learn: SGD with Nesterov momentum 0.9 at 0.01, cosine over the time, label smoothing 0.1, timm's own
transforms for training (crops of 8 to 100 %, flips, colours). FOLDER holds `train` and `test` with a folder a class.
The seconds are those of the steps. Prints the accuracy on test.
"""

import math
import sys
import time
from typing import Any

import timm
import torch
from timm.data.config import resolve_data_config
from timm.data.dataset_factory import create_dataset
from timm.data.transforms_factory import create_transform
from torch.nn import functional as F
from torch.utils.data import DataLoader


def main(weights: str, folder: str, seconds: str) -> None:
    """Train, judge and print."""
    torch.manual_seed(0)
    given: Any = torch.load(weights, map_location="cpu")
    model: Any = timm.create_model("tf_efficientnet_lite0")
    model.load_state_dict(dict(zip(model.state_dict(), given.values(), strict=True)))
    config = resolve_data_config({}, model=model)  # type: ignore[no-untyped-call]
    known = {name: config[name] for name in ("input_size", "interpolation", "mean", "std", "crop_pct")}
    kept = {name: value for name, value in known.items() if name != "crop_pct"}
    train: Any = create_dataset(root=f"{folder}/train", name="", transform=create_transform(is_training=True, **kept))
    test: Any = create_dataset(root=f"{folder}/test", name="", transform=create_transform(**known))
    model.reset_classifier(len(train.reader.class_to_idx))
    optimizer = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9, nesterov=True, weight_decay=2e-5)
    began, limit = time.perf_counter(), float(seconds)
    model.train()
    while (share := (time.perf_counter() - began) / limit) < 1:
        for images, labels in DataLoader(train, min(32, len(train)), shuffle=True):
            for group in optimizer.param_groups:
                group["lr"] = 0.01 * (1 + math.cos(math.pi * min(1.0, share))) / 2
            optimizer.zero_grad()
            F.cross_entropy(model(images), labels, label_smoothing=0.1).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    model.eval()
    with torch.inference_mode():
        right = [model(images).argmax(1) == labels for images, labels in DataLoader(test, 32)]
    print(float(torch.cat(right).float().mean()))


if __name__ == "__main__":
    main(*sys.argv[1:])
