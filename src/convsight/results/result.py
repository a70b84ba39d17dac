"""The contract of what is true, or predicted, about one image."""

from abc import ABC, abstractmethod
from typing import Any, NamedTuple, Self


class Difference(NamedTuple):
    """How far two results for one image lie apart.

    `largest` is the largest difference of a number where both say the same, as a share of the scale of what is
    predicted: of the whole range 0..1 of a probability or of a pixel, of the image's side for a place, of the standard
    deviation of the training targets for a number (`convsight.targets`). So 0.01 means as little for every task. `same`
    is the share (0..1) of what they say that is the same; `said` how many things that are.
    """

    largest: float
    same: float
    said: int = 1


class InvalidOutputError(ValueError):
    """What a network returned is no result, such as NaN."""


class Result(ABC):
    """What is true or predicted about one image: one type for both, checked when made.

    Abstract or final: a kind of result implements every method, and is not derived from again. What only some kinds
    can do is in `convsight.results.capabilities`; they do it by having the methods.
    """

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """The result as plain JSON values, as `convsight predict --format json` prints it."""

    @abstractmethod
    def summary(self) -> str:
        """The result in one line of words."""

    @abstractmethod
    def difference(self, other: Self) -> Difference:
        """How far `other`, of the same network run elsewhere, lies from this one, in shares of the scale.

        The parity checks of exported files have one limit a number format, whatever the task.
        """
