"""`SurfaceFigures`: distances of the surfaces of volumes, collected over a judgement."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.metrics import Metric
from convsight.metrics.pixels.overlap import mean_defined
from convsight.metrics.pixels.surfaces import surface_distances_by_class
from convsight.results import ClassMap
from convsight.words import counted

Floats = NDArray[np.floating[Any]]

_KINDS = ("hausdorff95", "surface")


def _described(unit: str) -> dict[str, Metric]:
    names = (f"{kind}_{unit}" for kind in _KINDS)
    return {name: Metric(name, "lower", perfect=0.0, unit=unit, share=False) for name in names}


class SurfaceFigures:
    """The 95 % Hausdorff distance and the mean distance of the surfaces of each class, averaged over volumes.

    They are in millimetres where every true volume tells the sides of its voxels, else in voxels. Where a class is true
    of a volume and not found in it, or the reverse, the diagonal of the volume counts; where it is neither, the volume
    does not count for it. Volumes with a truth of one slice, and images, have none.
    """

    described = _described("mm") | _described("px")

    def __init__(self, classes: tuple[str, ...]) -> None:
        self._classes = classes
        self._distances: list[Floats] = []  # of each image (classes, 2)
        self._known = True  # whether every volume so far tells the sides of its voxels
        self._volumes = 0
        self._empty = 0  # classes of volumes that are true or found alone

    def update(self, target: ClassMap, said: NDArray[np.integer[Any]]) -> None:
        """Take in the indices that were found in a volume; of an image only that there was one."""
        classes = len(self._classes)
        if said.ndim != 3:
            self._distances.append(np.full((classes, 2), np.nan))
            return
        self._volumes += 1
        self._known = self._known and target.spacing is not None
        self._distances.append(
            surface_distances_by_class(target.indices, said, classes, target.ignore_index, target.spacing)
        )
        judged = said[target.indices != target.ignore_index]
        there = [np.isin(np.arange(classes), each) for each in (target.indices, judged)]
        self._empty += int((there[0] != there[1]).sum())

    def measure(self, weights: Floats) -> dict[str, Floats]:
        """The means of weighted images, (resamples,) by name; nothing where no volume was judged."""
        if not self._volumes:
            return {}
        unit, found = "mm" if self._known else "px", {}
        for kind, values in zip(_KINDS, np.stack(self._distances, axis=2).swapaxes(0, 1), strict=True):
            means = mean_defined(values, weights)
            found[f"{kind}_{unit}"] = mean_defined(means)
            found |= {f"{kind}_{unit}/{name}": means[:, index] for index, name in enumerate(self._classes)}
        return found

    def remarks(self) -> list[str]:
        """What empty masks counted as, if there were any."""
        if not self._empty:
            return []
        return [
            f"{counted(self._empty, 'class', 'es')} of a volume true and not found, or found and not true: the "
            "diagonal of the volume counts as the distance of surfaces there"
        ]
