"""`Question`: the one number of a network's answer that an explanation is about, such as the probability of a class."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, final, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from convsight.errors import UserError, unknown_name

if TYPE_CHECKING:
    from convsight.tasks.reader import Reader


class Question(ABC):
    """One number of the answer about an example, as the deployed network gives it (mirror and temperature included).

    `words` name what is asked about, as `dog`; `unit` is what the number is: `probability`, `score`, or its unit.
    """

    words: str
    unit: str = "probability"
    # Whether what is asked is read from a map of the picture's size: then the last maps are the answer itself.
    of_pixels: bool = False

    @abstractmethod
    def score(self, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        """The number (batch,) of each example, from a network's arrays with the batch as first axis."""


@final
@dataclass(frozen=True)
class OutputQuestion(Question):
    """The number at `index` of the array called `array`, (batch, numbers).

    >>> dog = OutputQuestion("dog", 1, "probabilities")
    >>> dog.score({"probabilities": np.array([[0.25, 0.75]])}).tolist()
    [0.75]
    """

    words: str
    index: int
    array: str
    unit: str = "probability"

    def score(self, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        return np.asarray(arrays[self.array], np.float64)[:, self.index]


class NothingThereError(UserError):
    """The answer about this one picture has nothing that can be asked about, such as a box; that of others may."""


@runtime_checkable
class Explainable(Protocol):
    """What a reader has besides where it can be asked why."""

    def question(self, arrays: Mapping[str, NDArray[Any]], size: tuple[int, ...], wanted: str | None) -> Question:
        """What is explained of the answer `arrays` (batch axis removed) about an original with sides `size`.

        `wanted` names a class, or one of several things that were found; without it the surest answer is meant.
        Raises `UserError` for what no answer can have, and `NothingThereError` where this one has none such.
        """


def explainable(reader: "Reader") -> Explainable:
    """`reader`, which must be `Explainable`; raises `UserError` where answers of its task are not explained."""
    if not isinstance(reader, Explainable):
        raise UserError(f"answers of {reader.card.task} cannot be explained yet")
    return reader


def class_index(wanted: str, classes: Sequence[str]) -> int:
    """The position of the class called `wanted`; raises `UserError` with the nearest names where there is none."""
    if wanted not in classes:
        raise unknown_name("class", wanted, classes)
    return classes.index(wanted)
