"""What is wrong with the boxes that count as found: each wrong answer, and each missed thing, is of one kind.

Source: Bolya et al., TIDE: A General Toolbox for Identifying Object Detection Errors, 2020, section 2. Where an answer
fits several kinds, the order is that of its authors' program.
"""

import numpy as np

from convsight.tasks.detection.light.coco import Coco
from convsight.tasks.detection.light.flat_boxes import Flags, Floats, Indices
from convsight.tasks.detection.light.matching import Pairs, pairs_between
from convsight.tasks.detection.light.threshold_metrics import called_found

_NEAR = 0.1  # the overlap below which an answer shows background
_RIGHT = 0.5  # the overlap from which it is in the right place


def errors_found(coco: Coco) -> dict[str, Indices]:
    """The errors of each kind that the answers make that count as found, each by its picture.

    - `class`: in the right place of a thing of another class;
    - `place`: of the right class, in roughly the right place (overlap 0.1 to 0.5);
    - `both`: of another class, in roughly the right place;
    - `duplicate`: right, but a surer answer found the same thing;
    - `background`: where there is nothing (overlap below 0.1);
    - `missed`: a thing that no answer found, nor one that is wrong in class or place alone.

    >>> from convsight.results import Boxes
    >>> from convsight.tasks.detection.light.flat_boxes import Gathered
    >>> classes = ("cat", "dog")
    >>> truth = Boxes.of(classes, (9, 9), [(0, 0, 4, 4), (5, 5, 9, 9)], [0, 0])
    >>> places = [(0, 0, 4, 3), (0, 0, 4, 4), (5, 5, 9, 8)]
    >>> answer = Boxes.of(classes, (9, 9), places, [0, 0, 1], scores=[0.9, 0.8, 0.7])
    >>> found = errors_found(Coco(Gathered(classes, [truth], [answer])))
    >>> {kind: pictures.tolist() for kind, pictures in found.items()}
    {'class': [0], 'place': [], 'both': [], 'duplicate': [0], 'background': [], 'missed': []}
    """
    gathered, half = coco.gathered, coco.halfway
    answers = gathered.answers.select(half.counted & ~half.right & called_found(coco))
    truth = gathered.truth.select(half.true)
    pairs = pairs_between(answers, answers.pictures, truth, truth.pictures, _NEAR)
    same = answers.labels[pairs.answers] == truth.labels[pairs.truths]
    own, own_truth = _best(pairs.select(same), len(answers))
    other, other_truth = _best(pairs.select(~same), len(answers))
    place = (own >= _NEAR) & (own < _RIGHT)
    category = ~place & (other >= _RIGHT)
    duplicate = ~category & (own >= _RIGHT)
    both = ~(place | category | duplicate) & (other >= _NEAR)
    missed = ~_found(coco)[half.true]
    missed[own_truth[place]] = False
    missed[other_truth[category]] = False
    kinds = {"class": category, "place": place, "both": both, "duplicate": duplicate}
    kinds["background"] = ~(place | category | duplicate | both)
    return {kind: answers.pictures[flags] for kind, flags in kinds.items()} | {"missed": truth.pictures[missed]}


def _best(pairs: Pairs, answers: int) -> tuple[Floats, Indices]:
    """The overlap of each answer with the true box it overlaps most, 0 for none, and that box."""
    overlaps, truths = np.zeros(answers), np.full(answers, -1, np.int64)
    # Pairs of an answer ascend, so that the best one is written last.
    overlaps[pairs.answers], truths[pairs.answers] = pairs.overlaps, pairs.truths
    return overlaps, truths


def _found(coco: Coco) -> Flags:
    """Which true boxes were found by an answer that is sure enough, (truths,)."""
    finder = coco.halfway.finder
    found: Flags = finder >= 0
    found[found] = called_found(coco)[finder[found]]
    return found
