"""LIME that repeats: a linear model of what each region adds to the answer, from pictures with regions hidden.

Source: Ribeiro, Singh and Guestrin, "Why Should I Trust You?", KDD 2016, with samples drawn from its weighted
distribution instead of weighted afterwards: Tan, Tian and Li, "GLIME: General, Stable and Local LIME Explanation",
NeurIPS 2023.
"""

from math import lgamma
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.errors import UserError
from convsight.explain.fill import stand_in
from convsight.explain.growing import Estimate, Growth, grow
from convsight.explain.linear_fit import LinearFit
from convsight.explain.method import Method
from convsight.explain.regions import Regions, mean_colours
from convsight.explain.subject import Subject
from convsight.explain.superpixels import superpixels
from convsight.rng import uniform

REGIONS = 50
WIDTH = 0.25  # of the lime package's kernel, by the cosine distance of the regions that are kept from all of them
_MOST = 4096  # samples

Floats = NDArray[np.float64]


@final
class Lime(Method):
    """Superpixels, of which about half are hidden in each sample; a region's number is what showing it adds.

    Hidden regions get their mean colour, or the `fill`. Samples are drawn until two halves of them agree.
    """

    scale = "score"
    signed = True
    takes = frozenset({"samples", "agreement", "regions", "fill", "seed"})

    def importance(self, subject: Subject) -> Floats:
        regions = regions_of(subject, self.options.regions, self.options.fill)
        least = 2 * (len(regions) + 2)  # each half must tell all regions and the intercept
        growth = Growth.by(self.options, first=1 << least.bit_length(), most=_MOST)
        if growth.most < least:
            raise UserError(
                f"--samples {growth.most}: lime needs {least} for {len(regions)} regions, or fewer --regions"
            )
        surrogate = _Surrogate(regions, self.options.seed)
        self._found = grow(surrogate, subject, growth)
        self._regions = len(regions)
        return regions.spread(surrogate.coefficients())

    def settings(self) -> dict[str, Any]:
        return {"regions": self._regions, "fill": self.options.fill or "mean of the region", **self._found}


def regions_of(subject: Subject, count: int | None, fill: str | None) -> Regions:
    """Superpixels of what the network sees, which are hidden by their mean colour where `fill` says nothing else."""
    array = subject.array
    labels = superpixels(array, count or REGIONS)
    return Regions(array, labels, mean_colours(array, labels) if fill is None else stand_in(array, fill))


def kept_counts(regions: int, width: float = WIDTH) -> Floats:
    """How likely each number (regions + 1,) of kept regions is where samples come from LIME's weighted distribution.

    That is as many as there are choices of so many, times the kernel's weight of them.

    >>> kept_counts(2, width=1e9).round(9).tolist()
    [0.25, 0.5, 0.25]
    """
    kept = np.arange(regions + 1)
    choices = np.array([lgamma(regions + 1) - lgamma(k + 1) - lgamma(regions - k + 1) for k in kept])
    shares = np.exp(choices - choices.max()) * kernel(kept / regions, width)
    found: Floats = shares / shares.sum()
    return found


def kernel(kept: Floats, width: float = WIDTH) -> Floats:
    """The lime package's weight of samples that show a share `kept` of the regions, by their cosine distance."""
    distance = 1 - np.sqrt(kept)
    return np.sqrt(np.exp(-(distance**2) / width**2))


@final
class _Surrogate(Estimate):
    """Least squares of the score by which regions are kept."""

    def __init__(self, regions: Regions, seed: int) -> None:
        self._regions, self._seed = regions, seed
        self._up_to = np.cumsum(kept_counts(len(regions)))
        self._fits = [LinearFit(len(regions)), LinearFit(len(regions))]

    def sample(self, number: int) -> NDArray[np.bool_]:
        drawn = uniform(self._seed, 0, np.array([number]), len(self._regions) + 1)[0]
        count = int(np.searchsorted(self._up_to, drawn[0], side="right"))
        kept = np.zeros(len(self._regions), bool)
        kept[np.argsort(drawn[1:], kind="stable")[:count]] = True
        return kept

    def picture(self, sample: NDArray[np.bool_]) -> NDArray[Any]:
        return self._regions.picture(sample)

    def learn(self, half: int, sample: NDArray[np.bool_], score: float) -> None:
        self._fits[half].add(sample, score)

    def half(self, half: int) -> Floats:
        return self._fits[half].coefficients()

    def fit(self) -> float:
        return (self._fits[1].explained(self.half(0)) + self._fits[0].explained(self.half(1))) / 2

    def coefficients(self) -> Floats:
        """What all samples say."""
        return (self._fits[0] + self._fits[1]).coefficients()
