"""What each class counts in a loss, as users write it: `balanced`, numbers in the order of the classes, or by name."""

import math
from collections.abc import Mapping, Sequence

from convsight.errors import UserError, unknown_name

BALANCED = "balanced"
_HOW = "give balanced, a number above 0 for each class, as 1,2.5,1, or some by name, as cat=2,dog=0.5"


def class_weights(text: str, names: Sequence[str], counts: Mapping[str, int]) -> list[float]:
    """The weight of each class of `names`, of which the training split has so many examples (`counts`).

    `balanced` is examples / (classes * examples of the class), as scikit-learn has it: all classes count the same
    together. Those that are not named count 1. Raises `UserError` that names what is wrong.

    >>> class_weights("balanced", ("cat", "dog"), {"cat": 30, "dog": 10})
    [0.6666666666666666, 2.0]
    >>> class_weights("dog=3", ("cat", "dog"), {})
    [1.0, 3.0]
    """
    if text == BALANCED:
        held = [max(1, counts.get(name, 1)) for name in names]  # what is never taught is weighted by no image
        return [sum(held) / (len(names) * count) for count in held]
    parts = [part.strip() for part in text.split(",")]
    if all("=" in part for part in parts):
        return _by_name(parts, names)
    if len(parts) != len(names):
        raise UserError(f"--class-weights {text}: there are {len(names)} classes, and {len(parts)} weights; {_HOW}")
    return [_number(part) for part in parts]


def in_words(weights: Sequence[float], names: Sequence[str], most: int = 6) -> str:
    """Weights with their classes, the largest first where there are many.

    >>> in_words([0.5, 2.0], ("cat", "dog"))
    'cat 0.5, dog 2'
    """
    pairs = list(zip(names, weights, strict=True))
    shown = pairs if len(pairs) <= most else sorted(pairs, key=lambda pair: -pair[1])[:most]
    told = ", ".join(f"{name} {weight:.3g}" for name, weight in shown)
    return told + (f", and {len(pairs) - most} more, down to {min(weights):.3g}" if len(pairs) > most else "")


def _by_name(parts: Sequence[str], names: Sequence[str]) -> list[float]:
    given: dict[str, float] = {}
    for part in parts:
        name, _, number = part.rpartition("=")
        if name not in names:
            raise unknown_name("class", name, names)
        if name in given:
            raise UserError(f"--class-weights gives the class {name!r} two weights: leave one out")
        given[name] = _number(number)
    return [given.get(name, 1.0) for name in names]


def _number(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = math.nan
    if not (math.isfinite(weight) and weight > 0):
        raise UserError(f"--class-weights: {text!r} is no weight; {_HOW}")
    return weight
