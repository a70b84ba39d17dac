"""The whole deployed graph in PyTorch: originals in, the task's named arrays out, traced by `torch.export`."""

import warnings

import numpy as np
import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from convsight.card import Card
from convsight.export.averaged import Averaged
from convsight.nets.resize_layers import resize_layer
from convsight.runtime.engine import FITTED
from convsight.tasks import task_of


class Deployed(nn.Module):
    """Arrays of originals of any one size, RGB uint8 (batch, height, width, 3) most often, to the task's named arrays.

    The originals as they are loaded for the network are told too.
    """

    def __init__(self, model: nn.Module, card: Card) -> None:
        super().__init__()
        self.fit = resize_layer(card.input)
        # Not "graph": that is what a traced module calls something else.
        self.network = model if isinstance(model, Averaged) else task_of(card.task).graph(model, card)

    def forward(self, originals: Tensor) -> dict[str, Tensor]:
        fitted = self.fit(originals)
        arrays: dict[str, Tensor] = self.network(fitted)
        return {FITTED: fitted, **arrays}


def trace(model: nn.Module, card: Card) -> tuple[ExportedProgram, list[str]]:
    """The deployed graph of `model` (on the processor), with the axes free that its input leaves free, and its outputs.

    What PyTorch cannot trace raises whatever `torch.export` raises.
    """
    deployed = Deployed(model, card).eval()
    spec = card.input
    # No two free sides alike, and none that of the network, since PyTorch would take those for the same for ever.
    sides = [side + 3 + 2 * axis if axis + 1 in spec.free_axes else side for axis, side in enumerate(spec.array_shape)]
    some = torch.from_numpy(np.zeros((2, *sides), spec.dtype))
    free = ({axis: Dim(name, min=1) for axis, name in spec.free_axes.items()},)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # remarks on PyTorch's own internals
        program = torch.export.export(deployed, (some,), dynamic_shapes=free)
        return program, list(deployed(some))
