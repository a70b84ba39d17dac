"""Pretrained weights of a network of the catalogue in what holds some of its tensors, such as an encoder."""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from convsight.nets.catalogue import build_net, net_entry
from convsight.nets.entry import NetShape
from convsight.nets.weight_mismatch import Reference, alike
from convsight.nets.weights import Weights, adapt_weights


def adapt_encoder(borrowed: Mapping[str, Tensor], net: str, shape: NetShape, weights: Weights) -> list[str]:
    """Put `weights` into `borrowed`: tensors of the network called `net`, under the names that they have there.

    `shape` is what the encoder was built for, its outputs aside. A first layer for other channels is adapted as in the
    whole network, and tensors of its last layer are left alone. Returns what was done, in words. Raises `UserError`
    where weights do not fit the whole network.
    """
    whole = build_net(net, replace(shape, outputs=net_entry(net).outputs))
    notes = adapt_weights(whole, net, weights, shape.channels)
    tensors, last = whole.state_dict(), Reference.of(net).by_outputs
    # Where a last layer has as many numbers as ours by chance, they mean something else.
    shared = borrowed.keys() & tensors.keys() - last
    taken = {key: own for key, own in borrowed.items() if key in shared and alike(own, tensors[key])}
    with torch.no_grad():
        for key, own in taken.items():
            own.copy_(tensors[key])
    count = sum(own.numel() for own in taken.values())
    return [*notes, f"{count:,} numbers of {net} are pretrained"]
