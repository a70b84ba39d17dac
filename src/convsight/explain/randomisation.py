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
_MARGIN = 0.02  # of structural similarity: less is too little to speak of, whatever the number of pictures


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

    `ssim` is the structural similarity of their absolute values, `rank` Spearman's correlation of these. The verdict is
    of the first. The second counts every flat place that no map marks, so it may be above its floor for any method.
    """

    method: str
    pictures: int
    seeds: int
    rank: Alike
    ssim: Alike

    @property
    def verdict(self) -> Dependence:
        """Whether maps are more alike than those of two pictures, so that no training put there what they show."""
        above = self.ssim.above
        if above.low > _MARGIN:
            return "does not depend on the model"
        return "depends on the model" if above.high < _MARGIN else "undecided"

    @property
    def depends(self) -> bool | None:
        """The verdict as yes or no; None where it is undecided."""
        return {"depends on the model": True, "does not depend on the model": False}.get(self.verdict)

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "verdict": self.verdict}
