"""Grad-CAM++: Grad-CAM with gradients that are weighed place by place, for several things of one class.

Source: Chattopadhyay et al., "Grad-CAM++: Improved Visual Explanations for Deep Convolutional Networks", WACV 2018.
"""

from typing import final

import numpy as np
import torch
from numpy.typing import NDArray

from convsight.inside.layer_method import LayerMethod
from convsight.inside.map_gradients import LayerMaps


@final
class GradCamPlus(LayerMethod):
    """The positive part of the weighed sum of the maps of a layer, by default the last that the answer depends on."""

    def weighed(self, found: LayerMaps) -> NDArray[np.float64]:
        return grad_cam_plus(found)


def grad_cam_plus(found: LayerMaps, damping: float = 0.0) -> NDArray[np.float64]:
    """The map (rows, columns) of the one picture that `found` is of.

    With g the gradient of the logit at a place and S the sum of its map, the place weighs g^2 / (2 g^2 + S g^3), and a
    map the sum of these times the positive part of g: the paper's formula for the exponential of the logit, whose
    common factor is left out. Others add a `damping` to the denominator, such as 1e-6, which gradients of that size
    make the whole of it; with theirs the maps are the same as theirs.
    """
    maps, gradient = found.maps.double(), found.gradient.double()
    squared = gradient**2
    below = 2 * squared + maps.sum(dim=(2, 3), keepdim=True) * squared * gradient + damping
    shares = torch.where(gradient > 0, squared / below, 0.0)
    weights = (shares * gradient.relu()).sum(dim=(2, 3), keepdim=True)
    values: NDArray[np.float64] = (weights * maps).sum(dim=1).relu()[0].numpy()
    return values
