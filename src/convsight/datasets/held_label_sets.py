"""Labels in memory of which an image has any number: rows of 0 and 1, or lists of names."""

from typing import Any, NamedTuple

import numpy as np

from convsight.datasets.names import class_name
from convsight.foreign import is_tensor
from convsight.natural_order import natural_order


class HeldLabelSets(NamedTuple):
    """A class for each image where each has one, else a tuple of names, and the names that there are."""

    labels: list[Any]
    names: tuple[str, ...] | None


def held_label_sets(labels: Any) -> HeldLabelSets | None:
    """What rows of 0 and 1 (images, labels), or a list of names for each image say; None for anything else.

    Where each row has exactly one 1, it is one class an image, as in a table. Labels without names are called by
    their numbers.

    >>> held_label_sets([["dog", "cat"], [], ["cat"]])
    HeldLabelSets(labels=[('cat', 'dog'), (), ('cat',)], names=('cat', 'dog'))
    >>> held_label_sets(np.array([[1, 1], [0, 1]])), held_label_sets(np.array([[1, 0], [0, 1]])).labels
    (HeldLabelSets(labels=[('0', '1'), ('1',)], names=('0', '1')), [0, 1])
    """
    rows = labels if isinstance(labels, list) else []
    if rows and all(isinstance(row, list | tuple | set) and all(isinstance(name, str) for name in row) for row in rows):
        sets = [natural_order({class_name(name) for name in row}) for row in rows]
        if all(len(names) == 1 for names in sets):
            return HeldLabelSets([name for (name,) in sets], None)
        return HeldLabelSets(sets, natural_order({name for row in sets for name in row}))
    try:
        flags = np.asarray(labels.detach().cpu() if is_tensor(labels) else labels)
    except ValueError:  # rows of different lengths
        return None
    if (
        flags.ndim != 2
        or flags.shape[1] < 2
        or flags.dtype.kind not in "biuf"
        or not ((flags == 0) | (flags == 1)).all()
    ):
        return None
    if (flags.sum(axis=1) == 1).all():
        return HeldLabelSets(flags.argmax(axis=1).tolist(), None)
    names = tuple(str(number) for number in range(flags.shape[1]))
    return HeldLabelSets([tuple(names[k] for k in np.flatnonzero(row).tolist()) for row in flags], names)
