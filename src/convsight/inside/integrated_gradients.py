"""Integrated gradients: what each pixel adds to the answer on the straight way from a baseline to the picture.

Source: Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks", ICML 2017.
"""

from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray

from convsight.explain.fill import stand_in
from convsight.explain.method import Method
from convsight.explain.subject import Subject
from convsight.inside.many_gradients import many_gradients
from convsight.inside.open_network import OpenNetwork

_STEPS = 50


@final
class IntegratedGradients(Method):
    """The mean gradient along the way times the way, summed over the channels of each pixel.

    The way begins with what `fill` makes of the picture (see `stand_in`), by default its mean colour; its points are
    those of the Gauss-Legendre rule. The numbers of all pixels should sum up to the change of the answer from there to
    the picture; `settings` tell both, and more `steps` bring them closer.
    """

    scale = "logit"
    signed = True
    takes = frozenset({"steps", "fill"})

    def importance(self, subject: Subject) -> NDArray[np.float64]:
        network: OpenNetwork = subject.open_network()
        planes, baseline = network.planes(np.stack([subject.array, stand_in(subject.array, self._fill)])).detach()
        places, weights = along_the_way(self._steps)
        variants = (baseline + place * (planes - baseline) for place in places)
        total = torch.zeros(planes.shape, dtype=torch.float64)
        for weight, gradient in zip(weights, many_gradients(network, subject, variants, self._steps), strict=True):
            total += weight * gradient
        found: NDArray[np.float64] = ((planes - baseline) * total).sum(dim=0).numpy()
        with torch.no_grad():
            answers = network.asked(torch.stack([planes, baseline]), subject.question)
        self._sum, self._change = float(found.sum()), float(answers[0] - answers[1])
        return found

    def settings(self) -> dict[str, Any]:
        found = {"sum": self._sum, "change": self._change, "difference": self._sum - self._change}
        return {"steps": self._steps, "fill": self._fill, **found}

    @property
    def _steps(self) -> int:
        return self.options.steps or _STEPS

    @property
    def _fill(self) -> str:
        return self.options.fill or "mean"


def along_the_way(steps: int) -> tuple[list[float], list[float]]:
    """Places from 0 to 1 and their weights, whose sum is 1: the Gauss-Legendre rule.

    >>> along_the_way(1)
    ([0.5], [1.0])
    """
    places, weights = np.polynomial.legendre.leggauss(steps)
    return ((places + 1) / 2).tolist(), (weights / 2).tolist()
