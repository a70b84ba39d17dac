"""The whole deployed graph in PyTorch: raw pictures in, the task's named arrays out, traced by `torch.export`."""

import warnings

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from convsight.card import Card
from convsight.nets.fit import Fit
from convsight.runtime.engine import FITTED
from convsight.tasks import task_of

_PICTURES = "pictures"  # the graph's input


class Deployed(nn.Module):
    """RGB uint8 of any one size (batch, height, width, 3) to the task's named arrays, and the fitted pictures too."""

    def __init__(self, model: nn.Module, card: Card) -> None:
        super().__init__()
        self.fit = Fit(card.input.frame)
        # Not "graph": that is what a traced module calls something else.
        self.network = task_of(card.task).graph(model, card)

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        fitted = self.fit(pictures)
        arrays: dict[str, Tensor] = self.network(fitted)
        return {FITTED: fitted, **arrays}


def trace(model: nn.Module, card: Card) -> tuple[ExportedProgram, list[str]]:
    """The deployed graph of `model` (on the processor) with batch, height and width free, and the names of its outputs.

    What PyTorch cannot trace raises whatever `torch.export` raises.
    """
    deployed = Deployed(model, card).eval()
    height, width = card.input.height, card.input.width
    some = torch.zeros(2, height + 3, width + 5, 3, dtype=torch.uint8)
    free = ({0: Dim("batch", min=1), 1: Dim("height", min=1), 2: Dim("width", min=1)},)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # remarks on PyTorch's own internals
        program = torch.export.export(deployed, (some,), dynamic_shapes=free)
        return program, list(deployed(some))
