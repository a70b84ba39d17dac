"""The closing network of the lecture, in plain PyTorch with its defaults (Adam, batches of 32 as in Keras).

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

from convsight.nets.catalogue import NetShape, build_net


def main(archive: str, epochs: int, enough: float) -> None:
    """Train until the test accuracy is `enough`, for at most `epochs`."""
    data = {name: torch.from_numpy(values) for name, values in np.load(archive).items()}
    images, test_images = (data[f"{s}_pictures"][:, None].float() / 255 for s in ("train", "test"))
    loader = DataLoader(TensorDataset(images, data["train_labels"].long()), batch_size=32, shuffle=True)
    model: nn.Module = build_net("lecture3", NetShape(outputs=10, channels=1, height=28, width=28))
    optimizer = torch.optim.Adam(model.parameters())
    seconds = 0.0
    for _ in range(epochs):
        began = time.perf_counter()
        for batch, labels in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(batch), labels)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        seconds += time.perf_counter() - began
        with torch.inference_mode():
            predictions = torch.cat([model(part).argmax(1) for part in test_images.chunk(10)])
        accuracy = float((predictions == data["test_labels"]).float().mean())
        print(json.dumps({"seconds": seconds, "accuracy": accuracy}), flush=True)
        if accuracy >= enough:
            break


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
