"""`LayerMethod`: what methods share that look at the maps of one layer and the gradients by them."""

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.explain.method import Method
from convsight.explain.subject import Subject
from convsight.inside.map_gradients import LayerMaps, maps_and_gradients
from convsight.inside.open_network import OpenNetwork


class LayerMethod(Method):
    """Weighs the maps of a layer, by default the last that the answer depends on, and keeps what is positive."""

    scale = "relative"
    signed = False
    takes = frozenset({"layer"})

    def importance(self, subject: Subject) -> NDArray[np.float64]:
        network: OpenNetwork = subject.open_network()
        found = maps_and_gradients(network, network.planes(subject.array[None]), subject.question, self.options.layer)
        self._layer = found.layer
        return self.weighed(found)

    def settings(self) -> dict[str, Any]:
        return {"layer": self._layer}

    @abstractmethod
    def weighed(self, found: LayerMaps) -> NDArray[np.float64]:
        """The map (rows, columns) of the one picture that `found` is of."""
