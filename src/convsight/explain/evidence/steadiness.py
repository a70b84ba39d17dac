"""Whether a map stays what it is: under noise that hardly changes the picture, and with other seeds."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from convsight.explain.evidence.cells import Cells, at_pixels
from convsight.explain.evidence.filled import as_loaded
from convsight.explain.likeness import rank_correlation
from convsight.explain.method import SEEDS, Method, MethodOptions, make_method
from convsight.explain.subject import Subject

_RADIUS = 0.02  # of the range of values: 5 levels of 255
_VARIATIONS = 4
_SEEDS = 3

Floats = NDArray[np.float64]


def sensitivity(subject: Subject, method: Method, values: Floats, seed: int = 0) -> float | None:
    """Sensitivity-max: the largest change of a map by noise, as a share of the map's own length; None of an empty map.

    Noise is even within a fiftieth of the range of values. Source: Yeh et al., NeurIPS 2019.
    """
    own = at_pixels(values, subject.sides)
    length = float(np.linalg.norm(own))
    if length == 0:
        return None
    generator = np.random.default_rng(seed)
    changes = []
    for _ in range(_VARIATIONS):
        varied = replace(subject, array=_noisy(subject, generator))
        changes.append(float(np.linalg.norm(at_pixels(method.importance(varied), subject.sides) - own)))
    return max(changes) / length


def stability(subject: Subject, cells: Cells, name: str, options: MethodOptions) -> float | None:
    """The mean rank correlation of maps of the method called `name` by several seeds; None where it draws nothing."""
    if "seed" not in make_method(name, options).takes:
        return None
    seeds = [(options.seed + further) % SEEDS for further in range(_SEEDS)]
    maps = [make_method(name, replace(options, seed=seed)).importance(subject) for seed in seeds]
    return mean_agreement([cells.means(each) for each in maps])


def mean_agreement(maps: Sequence[Floats]) -> float:
    """The mean of Spearman's rank correlation over all pairs of maps (cells,).

    >>> round(mean_agreement([np.array([1.0, 2, 3]), np.array([10.0, 20, 30]), np.array([3.0, 2, 1])]), 3)
    -0.333
    """
    return float(np.mean([rank_correlation(one, other) for one, other in combinations(maps, 2)]))


def _noisy(subject: Subject, generator: np.random.Generator) -> NDArray[np.generic]:
    spec, array = subject.spec, subject.array
    reach = _RADIUS * (spec.high - spec.low)
    return as_loaded(array + generator.uniform(-reach, reach, array.shape), array.dtype)
