"""A ResNet-18 trained by fastai's one-cycle policy, the recipe of its book for pictures of this size.

Prints JSON lines: seconds of training (without the judging), and test accuracy. A cycle has an end, so there is a
training for each of a few numbers of epochs, the shortest first; only the seconds of the one that is enough count, but
for the whole command.
"""

import json
import sys
import time
import warnings

import numpy as np
import torch
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset
from torchvision.models import resnet18

CYCLES = (1, 2, 3, 5)  # epochs
RATE = 3e-3
BATCH = 128


def main(archive: str, epochs: int, enough: float) -> None:
    """Train until the test accuracy is `enough`, in cycles of at most `epochs`."""
    warnings.simplefilter("ignore")
    from fastai.callback import progress, schedule  # noqa: F401 - they give learners `no_bar` and `fit_one_cycle`
    from fastai.data.core import DataLoaders
    from fastai.learner import Learner

    data = {name: torch.from_numpy(values) for name, values in np.load(archive).items()}
    images, test_images = (data[f"{s}_pictures"][:, None].float() / 255 for s in ("train", "test"))
    images, test_images = (part.expand(-1, 3, -1, -1) for part in (images, test_images))
    dataset = TensorDataset(images, data["train_labels"].long())
    few = TensorDataset(test_images[:BATCH], data["test_labels"][:BATCH].long())
    for cycle in CYCLES:
        if cycle > epochs:
            break
        loaders = DataLoaders(DataLoader(dataset, BATCH, shuffle=True), DataLoader(few, BATCH), device="cpu")
        model = resnet18(num_classes=10)
        learner = Learner(loaders, model, loss_func=F.cross_entropy)
        began = time.perf_counter()
        with learner.no_bar(), learner.no_logging():
            learner.fit_one_cycle(cycle, RATE)
        seconds = time.perf_counter() - began
        model.eval()
        with torch.inference_mode():
            predictions = torch.cat([model(part).argmax(1) for part in test_images.chunk(20)])
        accuracy = float((predictions == data["test_labels"]).float().mean())
        print(json.dumps({"seconds": seconds, "accuracy": accuracy}), flush=True)
        if accuracy >= enough:
            break


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
