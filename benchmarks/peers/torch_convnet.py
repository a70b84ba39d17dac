"""The network, batch, optimizer and schedule of PyTorch's own example for MNIST.

Prints a JSON line an epoch: seconds of training so far (without the judging), and test accuracy.
"""

import json
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset


def main(archive: str, epochs: int, enough: float) -> None:
    """Train until the test accuracy is `enough`, for at most `epochs`."""
    data = {name: torch.from_numpy(values) for name, values in np.load(archive).items()}
    images, test_images = (data[f"{s}_pictures"][:, None].float() / 255 for s in ("train", "test"))
    loader = DataLoader(TensorDataset(images, data["train_labels"].long()), batch_size=64, shuffle=True)
    convolutions = [nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)]
    dense = [nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10)]
    model = nn.Sequential(*convolutions, *dense)
    optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.7)
    seconds = 0.0
    for _ in range(epochs):
        began = time.perf_counter()
        model.train()
        for batch, labels in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(batch), labels)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        schedule.step()
        seconds += time.perf_counter() - began
        model.eval()
        with torch.inference_mode():
            predictions = torch.cat([model(part).argmax(1) for part in test_images.chunk(10)])
        accuracy = float((predictions == data["test_labels"]).float().mean())
        print(json.dumps({"seconds": seconds, "accuracy": accuracy}), flush=True)
        if accuracy >= enough:
            break


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
