"""What the last layer of a network is given of images that do not vary, and a layer fitted to it put in its place."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from convsight.datasets import ImageStore
from convsight.nets.input_layers import InputLayer
from convsight.progress import Listener

MOST_IMAGES = 5_000  # of more, a dense layer gains little that the training does not give it
_BATCH = 32
# Of the median deviation: what hardly varies in these images would get weights that answer wildly to others, such as
# those of a training, whose normalisation is by batches.
_LEAST = 0.3


class HeadFeatures(NamedTuple):
    """The dense `head` of a network, and its inputs `values` (images, features) of the images at `positions`."""

    head: nn.Linear
    positions: NDArray[np.int64]
    values: NDArray[np.float32]


class Standardised(NamedTuple):
    """Features (images, features) less their `mean`, divided by their `scale` (features,)."""

    values: NDArray[np.float64]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    @classmethod
    def of(cls, features: NDArray[np.float32]) -> "Standardised":
        """By their deviation, or a share of the median one where they hardly vary.

        >>> Standardised.of(np.array([[0.0, 5.0], [2.0, 5.0]], np.float32)).values.tolist()
        [[-1.0, 0.0], [1.0, 0.0]]
        """
        mean, scale = features.mean(axis=0, dtype=np.float64), features.std(axis=0, dtype=np.float64)
        scale = np.maximum(scale, _LEAST * np.median(scale))
        scale[scale == 0] = 1.0
        return cls((features - mean) / scale, mean, scale)

    def put_in(self, head: nn.Linear, rows: NDArray[Any], biases: NDArray[Any]) -> None:
        """Give `head` weights that tell of features as they are what `rows` and `biases` tell of these."""
        weight = rows / self.scale
        with torch.no_grad():
            head.weight.copy_(torch.from_numpy(weight))
            head.bias.copy_(torch.from_numpy(biases - weight @ self.mean))


def features_of_head(
    network: nn.Module,
    outputs: int,
    inputs: InputLayer,
    images: ImageStore,
    order: NDArray[np.int64],
    seconds: float | None,
    listener: Listener,
) -> HeadFeatures | None:
    """What the dense last layer of `network` is given of the `images` in `order`, or of as many as `seconds` allow.

    None where its last step is none that makes so many `outputs` of one row of features.
    """
    head = dense_head(network, outputs)
    if head is None:
        return None
    with listener.counting("features", len(order)) as advance:
        features = head_features(network, head, inputs, images, order, seconds=seconds, advance=advance)
    return None if features is None else HeadFeatures(head, order[: len(features)], features)


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
