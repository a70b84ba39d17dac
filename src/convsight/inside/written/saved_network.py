"""`SavedNetwork`: all that a page needs to compute a network's answers, maps and cells by itself."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from convsight.errors import UserError
from convsight.inside.open_network import OpenNetwork
from convsight.inside.written.program import Program, Weights, program_of
from convsight.inside.written.shown_layers import ShownLayer, layers_of_steps, sees_picture
from convsight.nets.input_layers import InputLayer
from convsight.tasks import task_of

_NEAR = 1e-5


@final
@dataclass(frozen=True, eq=False)
class SavedNetwork:
    """From loaded pictures: the `planes` that the network sees, then the `model` on these; and the `deployed` whole.

    `graph` is the deployed network in PyTorch, which knows what is right.
    """

    planes: Program
    model: Program
    deployed: Program
    layers: tuple[ShownLayer, ...]
    weights: Weights
    graph: nn.Module

    @property
    def operations(self) -> frozenset[str]:
        """The names of those that a page must know."""
        return self.planes.operations | self.model.operations | self.deployed.operations

    def check(self, array: NDArray[Any]) -> None:
        """Raise `UserError` where the list of operations gives another answer than the network on a loaded picture.

        So it is of networks that decide by what they see which operations they do.
        """
        given = torch.from_numpy(array)
        with torch.no_grad():
            right: dict[str, Tensor] = self.graph(given)
        found = self.deployed.run(given)
        if any(
            (found[name] - each).abs().max() > _NEAR * max(1.0, float(each.abs().max())) for name, each in right.items()
        ):
            raise UserError("--save: what this network does depends on what it sees, so it is no list of operations")

    def to_json(self) -> dict[str, Any]:
        """The three lists, which steps are of which layer, and the shapes of the weights."""
        steps = [call.step for call in self.model.calls]
        return {
            "planes": self.planes.to_json(),
            "model": self.model.to_json(),
            "deployed": self.deployed.to_json(),
            "layers": [
                {"steps": sorted(layer.wanted), "of_picture": sees_picture(steps, layer.steps[0])}
                for layer in self.layers
            ],
            "weights": self.weights.shapes(),
        }


def saved_network(network: OpenNetwork) -> SavedNetwork:
    """The lists of operations of `network`, seen at work on noise."""
    spec: Any = network.card.input
    noise = np.random.default_rng(1).integers(0, 256, (1, *spec.array_shape), np.uint8)
    given, weights = torch.from_numpy(noise), Weights()
    inputs, graph = InputLayer(spec).eval(), task_of(network.card.task).graph(network.model, network.card).eval()
    with torch.no_grad():
        planes = inputs(given)
    model = program_of(network.model, planes, weights)
    layers = tuple(layers_of_steps([call.step for call in model.calls]))
    return SavedNetwork(
        program_of(inputs, given, weights), model, program_of(graph, given, weights), layers, weights, graph
    )
