"""Gradient x input: what each pixel adds to the answer, as far as the network is linear.

Source: Shrikumar et al., "Not Just a Black Box: Learning Important Features Through Propagating Activation
Differences", 2016.
"""

from typing import final

import numpy as np
from numpy.typing import NDArray

from convsight.explain.method import Method
from convsight.explain.subject import Subject
from convsight.inside.open_network import OpenNetwork


@final
class GradientXInput(Method):
    """The gradient times the normalised picture, whose zero is the mean of the training data, summed over channels."""

    scale = "logit"
    signed = True

    def importance(self, subject: Subject) -> NDArray[np.float64]:
        network: OpenNetwork = subject.open_network()
        planes = network.planes(subject.array[None])
        products = network.gradient(planes, subject.question) * planes.detach()
        found: NDArray[np.float64] = products[0].double().sum(dim=0).numpy()
        return found
