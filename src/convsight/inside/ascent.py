"""The picture that excites a channel, or a class, most: found by gradient ascent, kept plain by stated regularisers.

Source: Erhan et al., "Visualizing Higher-Layer Features of a Deep Network", 2009; the regularisers are jitter and
blur (Mordvintsev et al., "Inceptionism", 2015) and total variation (Mahendran and Vedaldi, CVPR 2015).
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from convsight.inputs import ImageInput
from convsight.nets.input_layers import InputLayer


@dataclass(frozen=True)
class AscentOptions:
    """How a picture is sought: `steps` of so much of the pictures' range, shifted by up to `jitter` px each.

    Every fourth step is followed by a blur of `blur` px (standard deviation); `variation` weighs the mean absolute
    difference of neighbours, in units of the picture's range, against the value that is sought.
    """

    steps: int = 192
    rate: float = 0.02
    jitter: int = 4
    blur: float = 0.6
    variation: float = 1.0

    def to_json(self) -> dict[str, Any]:
        """The settings by name."""
        return asdict(self)

    @property
    def words(self) -> str:
        """What keeps the picture plain."""
        return f"jitter of {self.jitter} px, blur of {self.blur:g} px, total variation weighing {self.variation:g}"


@final
@dataclass(frozen=True, eq=False)
class Ascended:
    """What came of one seed: a picture (height, width, channels) of 0..1, and the `value` it reaches from `start`."""

    seed: int
    picture: NDArray[np.float32]
    value: float
    start: float


def ascend(
    value_of: Callable[[Tensor], Tensor], spec: ImageInput, seed: int, options: AscentOptions | None = None
) -> Ascended:
    """A picture for which `value_of`, a number of normalised planes (1, channels, height, width), is large.

    It begins as grey with a little noise, and stays within the range of pictures. The same seed gives the same picture.
    """
    chosen = options or AscentOptions()
    generator = torch.Generator().manual_seed(seed)
    normalise = InputLayer(spec).normalise
    shape = (1, *spec.planes_shape)
    low, high = normalise(torch.zeros(shape)), normalise(torch.ones(shape))
    planes = normalise(0.5 + 0.02 * torch.randn(shape, generator=generator)).clamp(low, high)
    start = float(value_of(planes).detach().sum())
    for step in range(chosen.steps):
        shift = torch.randint(-chosen.jitter, chosen.jitter + 1, (2,), generator=generator).tolist()
        moved = torch.roll(planes, shift, (2, 3)).requires_grad_()
        rough = _variation(moved / (high - low)) * chosen.variation
        [gradient] = torch.autograd.grad(value_of(moved).sum() - rough, moved)
        gradient = torch.roll(gradient, [-each for each in shift], (2, 3))
        planes = planes + chosen.rate * (high - low) * gradient / (gradient.abs().mean() + 1e-12)
        if chosen.blur and step % 4 == 3:
            planes = _blurred(planes, chosen.blur)
        planes = planes.clamp(low, high).detach()
    picture = ((planes - low) / (high - low))[0].permute(1, 2, 0).numpy()
    return Ascended(seed, picture, float(value_of(planes).detach().sum()), start)


def _variation(planes: Tensor) -> Tensor:
    return planes.diff(dim=2).abs().mean() + planes.diff(dim=3).abs().mean()


def _blurred(planes: Tensor, sigma: float) -> Tensor:
    """A Gaussian of so many px along both axes; edges are repeated."""
    reach = max(1, round(3 * sigma))
    places = torch.arange(-reach, reach + 1, dtype=planes.dtype)
    weights = torch.exp(-(places**2) / (2 * sigma**2))
    weights = weights / weights.sum()
    channels = planes.shape[1]
    across = weights.repeat(channels, 1, 1, 1)
    planes = F.conv2d(F.pad(planes, (reach, reach, 0, 0), mode="replicate"), across, groups=channels)
    return F.conv2d(F.pad(planes, (0, 0, reach, reach), mode="replicate"), across.mT, groups=channels)
