"""Saliency: the gradient of the answer by each pixel.

Source: Simonyan, Vedaldi and Zisserman, "Deep Inside Convolutional Networks", 2013.
"""

from typing import final

import numpy as np
import torch
from numpy.typing import NDArray

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
        planes = network.planes(subject.array[None])
        [gradient] = torch.autograd.grad(network.asked(planes, subject.question).sum(), planes)
        found: NDArray[np.float64] = gradient[0].abs().amax(dim=0).double().numpy()
        return found
