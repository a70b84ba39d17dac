"""What one process and two do alike: networks, batches, and trainings small enough to be made twice."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from convsight.progress import Listener
from convsight.run import Run
from convsight.settings import TrainSettings
from convsight.training.train import train

ROWS = 7  # of a batch: 4 and 3
NET = "conv 8 3x3 same | batchnorm | relu | conv 8 3x3 same | batchnorm | relu | globalavg | dense classes"
# Sums that are clipped, accumulated, weighted by classes and mixed: 37 training images, the last batch has two.
CHOICES: dict[str, Any] = {
    "net": NET, "size": 12, "epochs": 3, "batch": 7, "optimizer": "sgd", "lr": 0.05, "precision": "float32",
    "accumulate": 2, "clip_norm": 0.5, "export": False, "workers": 0, "test_fraction": 0.2, "val_fraction": 0.2,
}  # fmt: skip
OWN: dict[str, Any] = {"class_weights": "balanced"}


def pictures(folder: Path) -> Path:
    """Two classes of 20 and 41 small pictures."""
    generator = np.random.default_rng(0)
    for name, level, count in (("dark", 100, 20), ("bright", 150, 41)):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            pixels = np.clip(generator.normal(level, 50, (14, 14, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


def trained(data: Path, run: Path, listener: Listener, own: dict[str, Any] = OWN, **others: Any) -> Run:
    """A training on them."""
    return train(TrainSettings.of(data=str(data), run=str(run), own=own, **{**CHOICES, **others}), listener)


def normalised(dims: int) -> nn.Module:
    """Batch normalisation of 3 channels with statistics and weights of its own, as in the middle of a training."""
    torch.manual_seed(1)
    layer = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}[dims](3)
    with torch.no_grad():
        layer.weight.uniform_(0.5, 2)
        layer.bias.normal_()
    return layer


def rows(dtype: torch.dtype, dims: int) -> tuple[Tensor, Tensor]:
    """What goes into it, far from 0, and the gradient of what comes out: (ROWS, 3, ...)."""
    generator = torch.Generator().manual_seed(2)
    shape = (ROWS, 3, *[5] * (dims if dims > 1 else 0))
    values = torch.randn(shape, generator=generator) * torch.tensor([1.0, 3.0, 0.1]).reshape(3, *[1] * (len(shape) - 2))
    return (values + 4).to(dtype), torch.randn(shape, generator=generator).to(dtype)
