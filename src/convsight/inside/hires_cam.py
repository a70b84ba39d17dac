"""HiResCAM: the maps of a layer, each place weighed by its own gradient, which Grad-CAM averages away.

Where an answer is told from a few places, as the score of a box is, the mean gradient over all places says little of
it: Grad-CAM then marks other things that the same channels see. Here a place counts by what it gave to the answer.

Source: Draelos and Carin, "Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural
networks", 2020.
"""

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.explain.method import Method
from convsight.explain.subject import Subject
from convsight.inside.map_gradients import LayerMaps, maps_and_gradients
from convsight.inside.open_network import OpenNetwork


@final
class HiresCam(Method):
    """The positive part of maps times gradients, summed over channels, by default of the layer that Grad-CAM takes."""

    scale = "relative"
    signed = False
    takes = frozenset({"layer"})

    def importance(self, subject: Subject) -> NDArray[np.float64]:
        network: OpenNetwork = subject.open_network()
        found = maps_and_gradients(network, network.planes(subject.array[None]), subject.question, self.options.layer)
        self._layer = found.layer
        return hires_cam(found)

    def settings(self) -> dict[str, Any]:
        return {"layer": self._layer}


def hires_cam(found: LayerMaps) -> NDArray[np.float64]:
    """The map (rows, columns) of the one picture that `found` is of."""
    values: NDArray[np.float64] = (found.gradient * found.maps).sum(dim=1).relu()[0].double().numpy()
    return values
