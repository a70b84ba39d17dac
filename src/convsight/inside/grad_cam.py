"""Grad-CAM: the maps of a layer, each weighed by the mean gradient of the answer by it.

Source: Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization", ICCV 2017.
"""

from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from convsight.explain.method import Method
from convsight.explain.subject import Subject
from convsight.inside.layers import last_maps
from convsight.inside.open_network import OpenNetwork, watching


@final
class GradCam(Method):
    """The positive part of the weighed sum of the maps of a layer, by default the last that has maps."""

    scale = "relative"
    signed = False
    takes = frozenset({"layer"})

    def importance(self, subject: Subject) -> NDArray[np.float64]:
        network: OpenNetwork = subject.open_network()
        planes = network.planes(subject.array[None])
        self._layer = self.options.layer or last_maps(network, planes)
        maps, gradient = maps_and_gradients(network, planes, subject, self._layer)
        weights = gradient.mean(dim=(2, 3), keepdim=True)
        found: NDArray[np.float64] = (weights * maps).sum(dim=1).relu()[0].double().numpy()
        return found

    def settings(self) -> dict[str, Any]:
        return {"layer": self._layer}


def maps_and_gradients(network: OpenNetwork, planes: Tensor, subject: Subject, layer: str) -> tuple[Tensor, Tensor]:
    """The maps (batch, channels, rows, columns) of a layer, and the gradients of the answer by them."""
    seen: list[Tensor] = []
    with watching(network.layer(layer), seen.append):
        asked = network.asked(planes, subject.question)
    [gradient] = torch.autograd.grad(asked.sum(), seen[:1])
    return seen[0].detach(), gradient
