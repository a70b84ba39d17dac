"""What is wrong about a class map: regions of pixels of one class that are predicted as one other."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from convsight.results.mistakes import Mistake

if TYPE_CHECKING:
    from convsight.results.class_map import ClassMap

NO_CLASS = "no class"
_LEAST = 0.002  # of the pixels that have a class: smaller regions are seams between two classes
_MOST = 20  # regions of an image that are told
_PAIRS = 50  # of classes; a network that knows nothing may confuse any two


def class_map_mistakes(prediction: "ClassMap", target: "ClassMap") -> list[Mistake]:
    """Connected regions of one true and one other predicted class; the worst first, at most 20.

    Severity is the region's share of all pixels that have a class, less where the prediction was unsure. Regions under
    0.2 % are left out, since on borders nearly every network is a pixel off.
    """
    said, true = prediction.indices, target.indices
    if said.shape != true.shape:
        raise ValueError(f"a prediction of {said.shape} pixels for a target of {true.shape}")
    known = true != target.ignore_index
    labelled = max(1, int(known.sum()))
    wrong = known & (said != true)
    pairs = np.where(wrong, true.astype(np.int32) * (int(said.max()) + 1) + said, -1)
    found = []
    for pair in _frequent(pairs[wrong], _LEAST * labelled):
        regions, count = ndimage.label(pairs == pair)
        sizes = np.bincount(regions.ravel(), minlength=count + 1)
        for region, where in enumerate(ndimage.find_objects(regions), start=1):
            if sizes[region] < _LEAST * labelled:
                continue
            inside = regions[where] == region
            sure = 1.0 if prediction.scores is None else float(prediction.scores[where][inside].mean(dtype=np.float64))
            index = int(true[where][inside][0]), int(said[where][inside][0])
            name, other = (_name(each, one) for each, one in zip((target, prediction), index, strict=True))
            found.append(Mistake("region", name, other, float(sizes[region]) / labelled * sure, _corners(where)))
    return sorted(found, key=lambda mistake: -mistake.severity)[:_MOST]


def _frequent(pairs: NDArray[np.int32], least: float) -> list[int]:
    """The pairs that have so many pixels as a region must, the most frequent first, at most 50."""
    counts = np.bincount(pairs)
    order = np.argsort(-counts, kind="stable")[:_PAIRS]
    return [pair for pair in order.tolist() if counts[pair] >= max(1, least)]


def _name(classes: "ClassMap", index: int) -> str:
    return NO_CLASS if index == classes.ignore_index else classes.classes[index]


def _corners(where: tuple[slice, ...]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a region; of a volume, without its depth."""
    rows, columns = where[-2:]
    return float(columns.start), float(rows.start), float(columns.stop), float(rows.stop)
