"""Saliency: the gradient of the answer by each pixel.

Source: Simonyan, Vedaldi and Zisserman, "Deep Inside Convolutional Networks", 2013.
"""

from typing import final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from convsight.explain.method import Method
from convsight.explain.subject import Subject
from convsight.inside.open_network import OpenNetwork


@final
class Saliency(Method):
    """The largest absolute gradient over the channels of each pixel, of the normalised picture."""

    scale = "relative"
    signed = False

    def importance(self, subject: Subject) -> NDArray[np.float64]:
        network: OpenNetwork = subject.open_network()
        return largest_of_channels(network.gradient(network.planes(subject.array[None]), subject.question)[0])


def largest_of_channels(gradient: Tensor) -> NDArray[np.float64]:
    """The largest absolute number of each pixel (rows, columns) over the channels (channels, rows, columns)."""
    found: NDArray[np.float64] = gradient.abs().amax(dim=0).double().numpy()
    return found
