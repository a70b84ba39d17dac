"""Grad-CAM: the maps of a layer, each weighed by the mean gradient of the answer by it.

Source: Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization", ICCV 2017.
"""

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.explain.method import Method
from convsight.explain.subject import Subject
from convsight.inside.map_gradients import LayerMaps, maps_and_gradients
from convsight.inside.open_network import OpenNetwork


@final
class GradCam(Method):
    """The positive part of the weighed sum of the maps of a layer, by default the last that the answer depends on."""

    scale = "relative"
    signed = False
    takes = frozenset({"layer"})

    def importance(self, subject: Subject) -> NDArray[np.float64]:
        network: OpenNetwork = subject.open_network()
        found = maps_and_gradients(network, network.planes(subject.array[None]), subject.question, self.options.layer)
        self._layer = found.layer
        return grad_cam(found)

    def settings(self) -> dict[str, Any]:
        return {"layer": self._layer}


def grad_cam(found: LayerMaps) -> NDArray[np.float64]:
    """The map (rows, columns) of the one picture that `found` is of."""
    weights = found.gradient.mean(dim=(2, 3), keepdim=True)
    values: NDArray[np.float64] = (weights * found.maps).sum(dim=1).relu()[0].double().numpy()
    return values
