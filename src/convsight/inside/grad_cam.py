"""Grad-CAM: the maps of a layer, each weighed by the mean gradient of the answer by it.

Source: Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization", ICCV 2017.
"""

from typing import final

import numpy as np
from numpy.typing import NDArray

from convsight.inside.layer_method import LayerMethod
from convsight.inside.map_gradients import LayerMaps


@final
class GradCam(LayerMethod):
    """The positive part of the weighed sum of the maps of a layer, by default the last that the answer depends on."""

    def weighed(self, found: LayerMaps) -> NDArray[np.float64]:
        return grad_cam(found)


def grad_cam(found: LayerMaps) -> NDArray[np.float64]:
    """The map (rows, columns) of the one picture that `found` is of."""
    weights = found.gradient.mean(dim=(2, 3), keepdim=True)
    values: NDArray[np.float64] = (weights * found.maps).sum(dim=1).relu()[0].double().numpy()
    return values
