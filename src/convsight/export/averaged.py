"""Several networks as one deployed graph, which answers with their mean."""

from collections.abc import Sequence
from typing import final

from torch import Tensor, nn

from convsight.tasks.capabilities import Averaging


@final
class Averaged(nn.Module):
    """Loaded inputs (batch, ...) to the mean, as `task` makes it, of the arrays that each of `graphs` gives.

    `graphs` are deployed networks of one task on inputs of one kind and size; each normalises them by itself.
    """

    def __init__(self, graphs: Sequence[nn.Module], task: Averaging) -> None:
        super().__init__()
        self.graphs = nn.ModuleList(graphs)
        self.task = task

    def forward(self, loaded: Tensor) -> dict[str, Tensor]:
        return self.task.averaged([each(loaded) for each in self.graphs])
