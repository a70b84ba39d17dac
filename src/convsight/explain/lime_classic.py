"""LIME as the package lime 0.2 does it, to compare with: weighted samples, ridge regression, a fixed number of samples.

Source: Ribeiro, Singh and Guestrin, "Why Should I Trust You?", KDD 2016. The superpixels are ours.
"""

from collections.abc import Iterator
from itertools import tee
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.explain.lime import kernel, regions_of
from convsight.explain.linear_fit import LinearFit
from convsight.explain.method import Method
from convsight.explain.regions import Regions
from convsight.explain.subject import Subject

_SAMPLES = 1000
_RIDGE = 1.0
_AT_ONCE = 256  # samples that are drawn together


@final
class LimeClassic(Method):
    """Every region is hidden by the toss of a coin; samples count less the more is hidden, and a ridge is added."""

    scale = "score"
    signed = True
    takes = frozenset({"samples", "regions", "fill", "seed"})

    def importance(self, subject: Subject) -> NDArray[np.float64]:
        regions = regions_of(subject, self.options.regions, self.options.fill)
        self._regions = len(regions)
        return regions.spread(classic_coefficients(subject, regions, self._samples, self.options.seed))

    def settings(self) -> dict[str, Any]:
        fill = self.options.fill or "mean of the region"
        return {"regions": self._regions, "fill": fill, "samples": self._samples, "ridge": _RIDGE}

    @property
    def _samples(self) -> int:
        return self.options.samples or _SAMPLES


def classic_coefficients(subject: Subject, regions: Regions, samples: int, seed: int) -> NDArray[np.float64]:
    """The coefficient (regions,) of each region, as lime's `explain_instance` gives them for these regions.

    The random numbers are those of its `random_state=seed`.
    """
    shown, masks = tee(_masks(len(regions), samples, seed))
    scores = subject.scores_of_many(map(regions.picture, shown), samples)
    fit = LinearFit(len(regions))
    for kept, score in zip(masks, scores, strict=True):
        fit.add(kept, score, float(kernel(kept.mean())))
    return fit.coefficients(_RIDGE)


def _masks(regions: int, samples: int, seed: int) -> Iterator[NDArray[np.bool_]]:
    """Which regions are kept (regions,) in each sample; all of them in the first."""
    coins = np.random.RandomState(seed)
    for begin in range(0, samples, _AT_ONCE):
        count = min(_AT_ONCE, samples - begin)
        kept = coins.randint(0, 2, (count, regions)).astype(bool)
        kept[0] |= begin == 0
        yield from kept
