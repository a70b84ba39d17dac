"""HiResCAM: the maps of a layer, each place weighed by its own gradient, which Grad-CAM averages away.

Where an answer is told from a few places, as the score of a box is, the mean gradient over all places says little of
it: Grad-CAM then marks other things that the same channels see. Here a place counts by what it gave to the answer.

Source: Draelos and Carin, "Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural
networks", 2020.
"""

from typing import final

import numpy as np
from numpy.typing import NDArray

from convsight.inside.layer_method import LayerMethod
from convsight.inside.map_gradients import LayerMaps


@final
class HiresCam(LayerMethod):
    """The positive part of maps times gradients, summed over channels, by default of the layer that Grad-CAM takes."""

    def weighed(self, found: LayerMaps) -> NDArray[np.float64]:
        return hires_cam(found)


def hires_cam(found: LayerMaps) -> NDArray[np.float64]:
    """The map (rows, columns) of the one picture that `found` is of."""
    values: NDArray[np.float64] = (found.gradient * found.maps).sum(dim=1).relu()[0].double().numpy()
    return values
