"""The interval of an average precision, and where none is given."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from convsight.metrics.intervals import by_unbiased_logits
from convsight.results import Boxes

interval_of_averages = partial(by_unbiased_logits, times=2.0)

_FEWEST = 10  # things of a class: with fewer, no interval of an average precision held what it should (design.md)


def rare_classes(classes: Sequence[str], targets: Sequence[Boxes]) -> list[str]:
    """The classes of so few things that no interval of their average precision would hold what it should.

    >>> rare_classes(("cat", "dog"), [Boxes.of(("cat", "dog"), (9, 9), [(0, 0, 4, 4)], [1])])
    ['dog']
    """
    labels = [boxes.labels[~(boxes.crowd | boxes.difficult)] for boxes in targets]
    counts = np.bincount(np.concatenate(labels), minlength=len(classes))
    return [name for name, count in zip(classes, counts, strict=True) if 0 < count < _FEWEST]
