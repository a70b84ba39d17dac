"""Whether a method's maps depend on what a network has learnt: they should change where it has learnt nothing.

Source: Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS 2018.
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal, final

import numpy as np
from numpy.typing import NDArray

from convsight.metrics import Measured
from convsight.metrics.bootstrap import bootstrapped

Dependence = Literal["depends on the model", "does not depend on the model", "undecided"]

_RESAMPLES = 1000


@final
@dataclass(frozen=True)
class Alike:
    """How alike a trained network's maps are to others, with 95 % intervals over the pictures.

    `untrained` are the maps of the same pictures by networks with fresh weights, `floor` the maps of other pictures by
    the trained network: what two maps of this method have in common anyway. `above` is the first less the second,
    picture by picture.
    """

    untrained: Measured
    floor: Measured
    above: Measured

    @classmethod
    def of(cls, untrained: NDArray[np.float64], floor: NDArray[np.float64]) -> "Alike":
        """What is measured of each picture (pictures,), gathered."""
        rows = np.stack([untrained, floor, untrained - floor], axis=1)
        names = ("untrained", "floor", "above")

        def means(weights: NDArray[np.floating[Any]]) -> dict[str, NDArray[np.floating[Any]]]:
            return dict(zip(names, (weights @ rows / weights.sum(axis=1, keepdims=True)).T, strict=True))

        found = bootstrapped(means, len(rows), _RESAMPLES)
        return cls(*(found[name] for name in names))


@final
@dataclass(frozen=True)
class Randomisation:
    """What became of the maps of `method` on `pictures` where all weights were drawn anew, `seeds` times.

    `rank` is Spearman's correlation of their absolute values, `ssim` their structural similarity. A method whose maps
    are more alike than those of two pictures, by either, shows what no training put there.
    """

    method: str
    pictures: int
    seeds: int
    rank: Alike
    ssim: Alike

    @property
    def verdict(self) -> Dependence:
        """What the intervals say."""
        above = [self.rank.above, self.ssim.above]
        if any(each.low > 0 for each in above):
            return "does not depend on the model"
        return "depends on the model" if all(each.high <= 0 for each in above) else "undecided"

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "verdict": self.verdict}
