"""Small networks opened for looking inside, whose weights a test may set."""

from typing import TypeVar

import torch
from torch import Tensor, nn

from convsight.card import Card
from convsight.inputs import ImageInput
from convsight.inside.open_network import OpenNetwork
from convsight.targets import Classes
from convsight.tasks import task_of

Kind = TypeVar("Kind", bound=nn.Module)


def opened(net: str, side: int = 24, seed: int = 0, task: str = "classification") -> OpenNetwork:
    """The network called `net`, with fresh weights, for pictures of `side` px whose values it sees as 0..1."""
    names = ("red", "blue")
    spec = ImageInput(height=side, width=side, fit="squash", mean=(0.0,) * 3, std=(1.0,) * 3)
    card = Card(task=task, net=net, target=Classes(names=names), input=spec)
    torch.manual_seed(seed)
    return OpenNetwork(task_of(card.task).build(card).eval().requires_grad_(False), card)


def layers_of(network: OpenNetwork, kind: type[Kind]) -> list[tuple[str, Kind]]:
    """Those of a kind, by name, in order."""
    return [(name, module) for name, module in network.model.named_modules() if isinstance(module, kind)]


def zeroed(layer: nn.Conv2d | nn.Linear) -> tuple[Tensor, Tensor]:
    """The weights and the biases of a layer, all of them 0 now; without biases of its own those are none."""
    bias = torch.zeros(len(layer.weight)) if layer.bias is None else layer.bias
    return layer.weight.data.zero_(), bias.data.zero_()
