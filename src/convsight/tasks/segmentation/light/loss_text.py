"""Losses as users write them: names with weights, added up, as in `ce + dice` or `0.5*ce + focal`."""

import math
from typing import NamedTuple

from convsight.errors import UserError, unknown_name
from convsight.words import quoted

# What each is: shown where all are listed.
LOSSES = {
    "ce": "cross-entropy of every pixel",
    "dice": "overlap of what is predicted and true, 2 I / (P + T)",
    "jaccard": "intersection over union, I / (P + T - I)",
    "focal": "cross-entropy that learns little from what is right and sure",
    "tversky": "overlap in which missed pixels cost more than wrong ones",
    "boundary": "distance of what is predicted from the true boundary; beside another, as in dice + 0.01*boundary",
}
_HOW = "write names with weights, as in ce + dice or 0.5*ce + focal"


class LossTerm(NamedTuple):
    """One loss of a sum, and how often it counts."""

    weight: float
    name: str


def parse_loss(text: str) -> tuple[LossTerm, ...]:
    """The terms of a sum of losses, in order.

    Raises `UserError` for an unknown name, with the nearest ones, for a name that stands there twice, and for a weight
    that is no number above 0.

    >>> parse_loss("0.5*ce + focal")
    (LossTerm(weight=0.5, name='ce'), LossTerm(weight=1.0, name='focal'))
    >>> parse_loss("ce + dcie")
    Traceback (most recent call last):
        ...
    convsight.errors.UserError: unknown loss 'dcie'; did you mean dice, ce?
    """
    terms = tuple(_term(part.strip(), text) for part in text.split("+"))
    names = [term.name for term in terms]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"--loss {text}: {name} stands there twice; give it one weight, as in 2*{name}")
    return terms


def loss_in_words(terms: tuple[LossTerm, ...]) -> str:
    """A sum of losses as `parse_loss` reads it.

    >>> loss_in_words(parse_loss("ce+2 * dice"))
    'ce + 2*dice'
    """
    return " + ".join(name if weight == 1 else f"{weight:g}*{name}" for weight, name in terms)


def _term(part: str, text: str) -> LossTerm:
    number, times, name = (piece.strip() for piece in part.rpartition("*"))
    if not name:
        raise UserError(f"--loss {text}: a name is missing; {_HOW}")
    if name not in LOSSES:
        if times and number in LOSSES:
            raise UserError(f"--loss {text}: the weight comes first, as in {name}*{number}")
        raise unknown_name("loss", name, LOSSES)
    return LossTerm(_weight(number, text) if times else 1.0, name)


def _weight(number: str, text: str) -> float:
    try:
        weight = float(number)
    except ValueError:
        weight = math.nan
    if not (math.isfinite(weight) and weight > 0):
        raise UserError(f"--loss {text}: {quoted(number)} is no weight above 0; {_HOW}")
    return weight
