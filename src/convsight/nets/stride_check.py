"""Whether convolutions step further than the maps that they are given: with images too small for the network."""

import torch
from torch import Tensor, nn

# px; with sides from this on the maps of every network have rows enough for their strides.
SAFE_SIDE = 128


@torch.no_grad()
def strides_exceed_maps(net: nn.Module, images: Tensor) -> bool:
    """Whether a convolution of `net`, depthwise ones aside, steps further than its map has rows or columns.

    `images` are of shape (batch, channels, height, width), on the network's device; on the meta device nothing is
    computed. Raises what layers raise that were made for another size.

    >>> net = nn.Sequential(nn.Conv2d(1, 1, 1, stride=4), nn.Conv2d(1, 1, 1, stride=2))
    >>> strides_exceed_maps(net, torch.zeros(1, 1, 8, 8)), strides_exceed_maps(net, torch.zeros(1, 1, 4, 4))
    (False, True)
    """
    found: list[bool] = []

    def look(layer: nn.Conv2d, given: tuple[Tensor, ...]) -> None:
        found.append(any(side < step for side, step in zip(given[0].shape[2:], layer.stride, strict=True)))

    hooks = [
        layer.register_forward_pre_hook(look)
        for layer in net.modules()
        if isinstance(layer, nn.Conv2d) and layer.groups == 1
    ]
    try:
        net.eval()(images)
    finally:
        for hook in hooks:
            hook.remove()
    return any(found)
