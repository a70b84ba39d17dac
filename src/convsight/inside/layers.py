"""Which layers of a network have maps, in the order in which they run."""

from typing import Any

import torch
from torch import Tensor, nn

from convsight.errors import UserError
from convsight.inside.open_network import OpenNetwork


def map_layers(network: OpenNetwork, planes: Tensor) -> dict[str, tuple[int, ...]]:
    """The modules that give maps (batch, channels, rows, columns), by name, in the order in which they are done."""
    found: dict[str, tuple[int, ...]] = {}

    def note(name: str) -> Any:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            if isinstance(output, Tensor) and output.ndim == 4 and min(output.shape[2:]) > 1:
                found.pop(name, None)
                found[name] = tuple(output.shape)

        return hook

    handles = [module.register_forward_hook(note(name)) for name, module in network.model.named_modules() if name]
    try:
        with torch.no_grad():
            network.model(planes)
    finally:
        for handle in handles:
            handle.remove()
    return found


def last_maps(network: OpenNetwork, planes: Tensor) -> str:
    """The name of the last layer with maps; raises `UserError` where none has any."""
    layers = map_layers(network, planes)
    if not layers:
        raise UserError(f"{network.card.net} has no layer with maps; saliency, occlusion, lime and rise need none")
    return next(reversed(layers))
