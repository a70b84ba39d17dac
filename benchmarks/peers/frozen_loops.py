"""Heads trained on frozen networks as guides of other tools write it, in plain PyTorch.

    frozen_loops.py LOOP NET WEIGHTS FOLDER EPOCHS

LOOP is `keras` (the guide to transfer learning: the base in inference mode, dropout 0.2, a dense layer, Adam at 1e-3,
batches of 32, random flips and turns), `fastai` (`vision_learner(...).fit_one_cycle`: batch normalisation of the body
keeps learning its statistics, mean and largest of each map, two dense layers, AdamW under one cycle, batches of 64,
flips, turns, zooms, light), `sklearn` (features once, a logistic regression), or `sklearn-3x3` (the same of means in
3 x 3 cells). NET is timm's or torchvision's. FOLDER holds `train` and `val`, each with a folder a class. Prints JSON:
accuracy on val, seconds before the first epoch and of each epoch, validation included.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.transforms import v2

SIDES = {"efficientnet_lite0": (256, 224), "squeezenet1_0": (256, 227)}
MEANS = {
    "efficientnet_lite0": ((0.5,) * 3, (0.5,) * 3),
    "squeezenet1_0": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}


def body_of(net: str, weights: str) -> tuple[nn.Module, int]:
    """Maps of features with trained weights, and how many there are."""
    if net == "squeezenet1_0":
        from safetensors.torch import load_file
        from torchvision.models import squeezenet1_0

        whole: Any = squeezenet1_0()
        whole.load_state_dict(load_file(weights) if weights.endswith("safetensors") else torch.load(weights))
        return whole.features, 512
    import timm

    network: Any = timm.create_model("tf_efficientnet_lite0", num_classes=0, global_pool="")
    tensors = list(torch.load(weights, map_location="cpu").values())
    state = network.state_dict()
    network.load_state_dict(dict(zip(state, tensors, strict=False)))
    return network, 1280


def images_of(folder: Path, sides: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Images (images, 3, side, side) uint8, the shorter side resized and the middle cut out, and class numbers."""
    resize = v2.Compose([v2.Resize(sides[0]), v2.CenterCrop(sides[1]), v2.PILToTensor()])
    images, labels = [], []
    for number, place in enumerate(sorted(each for each in folder.iterdir() if each.is_dir())):
        for file in sorted(place.iterdir()):
            with Image.open(file) as image:
                images.append(resize(image.convert("RGB")))
            labels.append(number)
    return torch.stack(images), torch.tensor(labels)


class MeanAndLargest(nn.Module):
    """Of each map."""

    def forward(self, maps: Tensor) -> Tensor:
        return torch.cat([F.adaptive_max_pool2d(maps, 1), F.adaptive_avg_pool2d(maps, 1)], dim=1).flatten(1)


def keras_loop(width: int, classes: int) -> tuple[nn.Module, Callable[..., Any], int, Any, bool]:
    """Head, optimizer and schedule, batch, variation, and whether the body is in training mode."""
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(width, classes))
    vary = v2.Compose([v2.RandomHorizontalFlip(), v2.RandomRotation(36)])
    return head, lambda weights, steps: (torch.optim.Adam(weights, 1e-3, eps=1e-7), None), 32, vary, False


def fastai_loop(width: int, classes: int) -> tuple[nn.Module, Callable[..., Any], int, Any, bool]:
    """The same of fastai."""
    head = nn.Sequential(
        MeanAndLargest(),
        nn.BatchNorm1d(2 * width),
        nn.Dropout(0.25),
        nn.Linear(2 * width, 512, bias=False),
        nn.ReLU(),
        nn.BatchNorm1d(512),
        nn.Dropout(0.5),
        nn.Linear(512, classes, bias=False),
    )
    vary = v2.Compose(
        [v2.RandomHorizontalFlip(), v2.RandomAffine(10, scale=(0.9, 1.1)), v2.ColorJitter(brightness=0.2, contrast=0.2)]
    )

    def optimizer(weights: Any, steps: int) -> tuple[torch.optim.Optimizer, Any]:
        adam = torch.optim.AdamW(weights, 2e-3, betas=(0.9, 0.99), eps=1e-5, weight_decay=0.01)
        return adam, torch.optim.lr_scheduler.OneCycleLR(adam, 2e-3, total_steps=steps)

    return head, optimizer, 64, vary, True


def main(loop: str, net: str, weights: str, folder: str, epochs: str) -> None:
    """Train, judge and print."""
    began = time.perf_counter()
    torch.manual_seed(0)
    body, width = body_of(net, weights)
    body = body.eval().requires_grad_(False).to(memory_format=torch.channels_last)
    train, labels = images_of(Path(folder) / "train", SIDES[net])
    val, truth = images_of(Path(folder) / "val", SIDES[net])
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in MEANS[net])

    def ready(images: Tensor) -> Tensor:
        return ((images.float() / 255 - mean) / std).contiguous(memory_format=torch.channels_last)

    def maps(images: Tensor) -> Tensor:
        with torch.no_grad():
            found: Tensor = body(ready(images))
        return found

    if loop.startswith("sklearn"):
        cells = 3 if loop == "sklearn-3x3" else 1
        pooled = [
            torch.cat([F.adaptive_avg_pool2d(maps(part), cells).flatten(1) for part in torch.split(each, 32)]).numpy()
            for each in (train, val)
        ]
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(pooled[0], labels)
        accuracy = float(model.score(pooled[1], truth))
        print(json.dumps({"accuracy": accuracy, "before": time.perf_counter() - began, "epochs": []}))
        return
    make = {"keras": keras_loop, "fastai": fastai_loop}[loop]
    head, optimizer_of, batch, vary, body_trains = make(width, int(labels.max()) + 1)
    steps = int(epochs) * -(-len(train) // batch)
    optimizer, schedule = optimizer_of(head.parameters(), steps)
    before, seconds, accuracy = time.perf_counter() - began, [], 0.0
    for _ in range(int(epochs)):
        started = time.perf_counter()
        head.train()
        body.train(body_trains)
        for chosen in torch.split(torch.randperm(len(train)), batch):
            varied = torch.stack([vary(image) for image in train[chosen]])
            loss = F.cross_entropy(head(maps(varied)), labels[chosen])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            if schedule is not None:
                schedule.step()
        head.eval()
        body.eval()
        with torch.no_grad():
            right = [head(maps(part)).argmax(1) for part in torch.split(val, 64)]
        accuracy = float(np.mean((torch.cat(right) == truth).numpy()))
        seconds.append(time.perf_counter() - started)
    print(json.dumps({"accuracy": accuracy, "before": before, "epochs": seconds}))


if __name__ == "__main__":
    main(*sys.argv[1:])
