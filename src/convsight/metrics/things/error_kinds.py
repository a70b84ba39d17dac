"""What is wrong with the boxes that count as found: each wrong prediction, and each missed thing, is of one kind.

Source: Bolya et al., TIDE: A General Toolbox for Identifying Object Detection Errors, 2020, section 2. Where a
prediction fits several kinds, the order is that of its authors' program.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.metrics.things.coco import Coco
from convsight.metrics.things.flat_boxes import Flags, Floats, Indices
from convsight.metrics.things.matching import Pairs, pairs_among
from convsight.metrics.things.threshold_metrics import above_threshold

_NEAR = 0.1  # the overlap below which a prediction shows background
_RIGHT = 0.5  # the overlap from which it is in the right place


def error_kinds(coco: Coco) -> dict[str, Indices]:
    """The errors of each kind that the predictions make that count as found, each by its image.

    - `class`: in the right place of a thing of another class;
    - `place`: of the right class, in roughly the right place (overlap 0.1 to 0.5);
    - `both`: of another class, in roughly the right place;
    - `duplicate`: right, but a surer prediction found the same thing;
    - `background`: where there is nothing (overlap below 0.1);
    - `missed`: a thing that no prediction found, nor one that is wrong in class or place alone.

    >>> from convsight.results import Boxes
    >>> from convsight.metrics.things.flat_boxes import EvaluatedBoxes
    >>> classes = ("cat", "dog")
    >>> target = Boxes.of(classes, (9, 9), [(0, 0, 4, 4), (5, 5, 9, 9)], [0, 0])
    >>> places = [(0, 0, 4, 3), (0, 0, 4, 4), (5, 5, 9, 8)]
    >>> prediction = Boxes.of(classes, (9, 9), places, [0, 0, 1], scores=[0.9, 0.8, 0.7])
    >>> found = error_kinds(Coco(EvaluatedBoxes(classes, [target], [prediction])))
    >>> {kind: images.tolist() for kind, images in found.items()}
    {'class': [0], 'place': [], 'both': [], 'duplicate': [0], 'background': [], 'missed': []}
    """
    evaluated, half = coco.evaluated, coco.halfway
    wrong: Flags = half.counted & ~half.right & above_threshold(coco)
    predictions, target = evaluated.predictions.select(wrong), evaluated.target.select(half.true)
    pairs = pairs_among(evaluated, wrong, half.true, _NEAR)
    same = predictions.labels[pairs.predictions] == target.labels[pairs.targets]
    own, own_target = _best(pairs.select(same), len(predictions))
    other, other_target = _best(pairs.select(~same), len(predictions))
    place = (own >= _NEAR) & (own < _RIGHT)
    category = ~place & (other >= _RIGHT)
    duplicate = ~category & (own >= _RIGHT)
    both = ~(place | category | duplicate) & (other >= _NEAR)
    missed = ~_found(coco)[half.true]
    missed[own_target[place]] = False
    missed[other_target[category]] = False
    kinds = {"class": category, "place": place, "both": both, "duplicate": duplicate}
    kinds["background"] = ~(place | category | duplicate | both)
    return {kind: predictions.images[flags] for kind, flags in kinds.items()} | {"missed": target.images[missed]}


def error_shares(coco: Coco, errors: Mapping[str, Indices], weights: NDArray[np.floating[Any]]) -> dict[str, Any]:
    """The `errors` of each kind, see `error_kinds`, for each thing to be found: (resamples,) as `errors/<kind>`.

    `weights` are how often each image counts, (resamples, images); NaN where there is nothing to be found.
    """
    true = _sums(weights, coco.evaluated.target.images[coco.halfway.true])
    nothing = np.full_like(true, np.nan)
    return {
        f"errors/{kind}": np.divide(_sums(weights, images), true, out=nothing.copy(), where=true > 0)
        for kind, images in errors.items()
    }


def _sums(weights: NDArray[np.floating[Any]], images: Indices) -> NDArray[np.floating[Any]]:
    """The weights of `images`, each as often as it stands there, added up: (resamples,)."""
    return weights @ np.bincount(images, minlength=weights.shape[1]).astype(np.float64)


def _best(pairs: Pairs, predictions: int) -> tuple[Floats, Indices]:
    """The overlap of each prediction with the true box it overlaps most, 0 for none, and that box."""
    overlaps, targets = np.zeros(predictions), np.full(predictions, -1, np.int64)
    # Pairs of a prediction ascend, so that the best one is written last.
    overlaps[pairs.predictions], targets[pairs.predictions] = pairs.overlaps, pairs.targets
    return overlaps, targets


def _found(coco: Coco) -> Flags:
    """Which true boxes were found by a prediction that is sure enough, (targets,)."""
    finder = coco.halfway.finder
    found: Flags = finder >= 0
    found[found] = above_threshold(coco)[finder[found]]
    return found
