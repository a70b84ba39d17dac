"""What the last layer of a network is given of images that do not vary."""

import time
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from convsight.datasets import ImageStore
from convsight.nets.input_layers import InputLayer

_BATCH = 32


def dense_head(network: nn.Module, outputs: int) -> nn.Linear | None:
    """The last layer of `network` where it is dense and has so many outputs; None where it is of another kind."""
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Linear | nn.Conv2d)]
    last = layers[-1] if layers else None
    return last if isinstance(last, nn.Linear) and last.out_features == outputs and last.bias is not None else None


def head_features(
    network: nn.Module,
    head: nn.Linear,
    inputs: InputLayer,
    images: ImageStore,
    order: NDArray[np.int64],
    *,
    seconds: float | None,
    advance: Callable[[int], object],
) -> NDArray[np.float32] | None:
    """What `head` is given of the images in `order`, (images, features), unvaried; those that `seconds` allow.

    None where what the network tells is not what `head` makes of one row of features for each image.
    """
    device, found, began = head.weight.device, [], time.monotonic()
    inputs = inputs.to(device)
    passed: list[tuple[Tensor, Tensor]] = []
    handle = head.register_forward_hook(lambda _, given, told: passed.append((given[0], told)))
    network.eval()
    try:
        with torch.inference_mode():
            for start in range(0, len(order), _BATCH):
                batch = torch.from_numpy(images.take(order[start : start + _BATCH])).to(device)
                outputs = network(inputs(batch).contiguous(memory_format=torch.channels_last))
                features, told = passed.pop() if passed else (outputs, None)
                if told is None or features.ndim != 2 or not torch.equal(told, outputs):
                    return None
                found.append(features.float().cpu().numpy())
                advance(len(batch))
                if seconds is not None and time.monotonic() - began > seconds:
                    break
    finally:
        handle.remove()
        network.train()
    return np.concatenate(found)
