"""Which of the things in a picture is asked about: by its number, by its class, or the surest."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.errors import UserError
from convsight.tasks.question import NothingThereError, class_index
from convsight.words import first_few

_NUMBER = "#"  # what the number of a thing begins with


class Candidates(NamedTuple):
    """What a network says there is, each (things,), those that count as found in the order in which they are shown.

    `labels` are indices of `classes`; a thing counts as found from its own of `thresholds` on.
    """

    classes: Sequence[str]
    labels: NDArray[np.int64]
    scores: NDArray[np.float64]
    thresholds: NDArray[np.float64]

    @property
    def found(self) -> NDArray[np.int64]:
        """The positions of those that count as found."""
        return np.flatnonzero(self.scores >= self.thresholds)


class AskedThing(NamedTuple):
    """The position of a thing among candidates, and what it is called: `dog #2`."""

    place: int
    words: str


def asked_thing(candidates: Candidates, wanted: str | None) -> AskedThing:
    """The thing that `wanted` names: `#2` is the second that was found, a class the surest of it, None the surest.

    Where nothing of a class was found, its surest thing under the threshold is meant: why was it not found? Raises
    `NothingThereError` where this picture has none such, and says what there is; `UserError` for no class and no
    number.

    >>> there = Candidates(("cat", "dog"), np.array([1, 0, 1]), np.array([0.9, 0.6, 0.2]), np.full(3, 0.5))
    >>> [asked_thing(there, wanted).words for wanted in (None, "#2", "cat", "dog")]
    ['dog #1', 'cat #2', 'cat #2', 'dog #1']
    """
    found = candidates.found
    if wanted is None:
        if not len(found):
            raise _nothing_found(candidates)
        return _called(candidates, int(found[candidates.scores[found].argmax()]))
    if wanted.startswith(_NUMBER) and wanted not in candidates.classes:
        return _called(candidates, int(found[_number(wanted, candidates) - 1]))
    label = class_index(wanted, candidates.classes)
    alike = np.flatnonzero(candidates.labels == label)
    if not len(alike):
        raise NothingThereError(
            f"the network sees no {wanted} in this picture, however unsure; found: {_listed(candidates)}"
        )
    return _called(candidates, int(alike[candidates.scores[alike].argmax()]))


def _called(candidates: Candidates, place: int) -> AskedThing:
    name = candidates.classes[int(candidates.labels[place])]
    numbers = np.flatnonzero(candidates.found == place)
    return AskedThing(place, f"{name} {_NUMBER}{numbers[0] + 1}" if len(numbers) else f"{name}, not found")


def _number(wanted: str, candidates: Candidates) -> int:
    digits, count = wanted.removeprefix(_NUMBER), len(candidates.found)
    number = int(digits) if digits.isascii() and digits.isdigit() else 0
    if not 1 <= number <= count:
        if not count:
            raise _nothing_found(candidates)
        # A number that this picture lacks is a matter of the picture, what is no number at all is one of the caller.
        kind = NothingThereError if number else UserError
        raise kind(f"--target {wanted}: found were {_listed(candidates)}; give #1 to #{count}, or a class")
    return number


def _listed(candidates: Candidates) -> str:
    names = [candidates.classes[int(label)] for label in candidates.labels[candidates.found]]
    return first_few(names) or "nothing"


def _nothing_found(candidates: Candidates) -> NothingThereError:
    if not len(candidates.labels):
        return NothingThereError(
            "nothing was found in this picture, not even what the network is unsure of; take another"
        )
    place = int(candidates.scores.argmax())
    name = candidates.classes[int(candidates.labels[place])]
    score, threshold = candidates.scores[place], candidates.thresholds[place]
    return NothingThereError(
        f"nothing was found in this picture: the surest thing is a {name} of {score:.2f}, under its threshold of "
        f"{threshold:.2f}; --target {name} asks about that"
    )
