"""SmoothGrad: the mean gradient of noisy copies of the picture.

Source: Smilkov et al., "SmoothGrad: Removing Noise by Adding Noise", 2017.
"""

from collections.abc import Iterator
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from convsight.explain.method import Method
from convsight.explain.subject import Subject
from convsight.inside.many_gradients import many_gradients
from convsight.inside.open_network import OpenNetwork
from convsight.inside.saliency import largest_of_channels

_SAMPLES = 50
_NOISE = 0.15


@final
class SmoothGrad(Method):
    """The largest absolute mean gradient over the channels of each pixel.

    The noise is normal; its deviation is `noise` times the range of the normalised picture, and a sample's follows from
    the seed and its number alone.
    """

    scale = "relative"
    signed = False
    takes = frozenset({"samples", "noise", "seed"})

    def importance(self, subject: Subject) -> NDArray[np.float64]:
        network: OpenNetwork = subject.open_network()
        planes = network.planes(subject.array[None]).detach()[0]
        total = torch.zeros(planes.shape, dtype=torch.float64)
        for gradient in many_gradients(network, subject, self._noisy(planes), self._samples):
            total += gradient
        return largest_of_channels(total / self._samples)

    def settings(self) -> dict[str, Any]:
        return {"samples": self._samples, "noise": self._noise, "seed": self.options.seed}

    @property
    def _samples(self) -> int:
        return self.options.samples or _SAMPLES

    @property
    def _noise(self) -> float:
        return _NOISE if self.options.noise is None else self.options.noise

    def _noisy(self, planes: Tensor) -> Iterator[Tensor]:
        deviation = self._noise * float(planes.max() - planes.min())
        for sample in range(self._samples):
            drawn = np.random.default_rng((self.options.seed, sample)).standard_normal(planes.shape, np.float32)
            yield planes + deviation * torch.from_numpy(drawn)
